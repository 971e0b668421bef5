import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { expectEngine } from "../support/engine.ts";
import type { Program } from "../support/program.ts";
import { asking, call, email, weather } from "../support/replies.ts";
import type { Running } from "../support/tools.ts";

const NAMES = ["oslo", "lima", "profile", "bob", "keys", "requests"] as const;
type Name = (typeof NAMES)[number];
const Prediction = z.record(z.enum(NAMES), z.number());

/** The fact of the run that speaks against a wrong prediction. */
const FACTS: Readonly<Record<Name, string>> = {
  oslo: "each attempt fails with a hint, and the engine makes another one until the last",
  lima: "its outcome is recorded; what does a handler get for it that is called again?",
  profile: "an error without a hint is an outcome like any other, and it is recorded",
  bob: "the first attempt fails with a hint and the second one succeeds",
  keys: "the attempts at one effect have one key, and each effect has another one",
  requests: "the model is asked for its calls and for its answer, and both replies are recorded",
};

const hint = { cause: { retry: { after_ms: 20 } } };

/** Runs the four calls, and counts. */
async function count(ask: Program["ask"]): Promise<Record<Name, number>> {
  const ran: string[] = [];
  const keys = new Set<string | undefined>();
  const note = (name: string, { key }: Running) => {
    ran.push(name);
    keys.add(key);
    return ran.filter((one) => one === name).length;
  };
  const profile = call("profile", "get_user_profile");
  const { requests } = await ask({
    replies: [asking(weather("Oslo"), weather("Lima"), profile, email("bob@example.com"))],
    tools: {
      get_weather({ location = "" }, running) {
        note(location, running);
        if (location === "Oslo") throw new Error("the line dropped", hint);
        return "cloudy";
      },
      get_user_profile(_args, running) {
        note("profile", running);
        throw new Error("no such user");
      },
      send_email(_args, running) {
        if (note("bob", running) === 1) throw new Error("the server is busy", hint);
        return undefined;
      },
    },
    limit: 60_000,
  });
  const times = (name: string) => ran.filter((one) => one === name).length;
  return {
    oslo: times("Oslo"),
    lima: times("Lima"),
    profile: times("profile"),
    bob: times("bob"),
    keys: keys.size,
    requests: requests.length,
  };
}

/** The prediction is what a run of these calls counts. */
export const check: Check = async ({ predicted, ask }) => {
  expectEngine();
  const prediction = await predicted(Prediction);
  const real = await count(ask);
  for (const name of NAMES) {
    const said = prediction[name];
    expectThat(said === real[name], `${name}: the prediction is ${said}, but ${FACTS[name]}`);
  }
  const { oslo, lima, profile, bob, keys, requests } = real;
  return `Oslo's forecast ran ${oslo} times, Lima's ${lima}, the profile ${profile} and Bob's e-mail ${bob}, with ${keys} keys, and the model got ${requests} requests, as predicted`;
};
