import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { asking, call, email, weather } from "../support/replies.ts";

const REASONS = {
  oslo: "its failure allows a retry, its policy too, and then it works",
  atlantis: "only a failure that carries a hint may be temporary",
  babel: "each failure is asked anew whether it may be temporary",
  vostok:
    "every failure allows a retry, so only MAX_ATTEMPTS ends it, and the first attempt counts",
  profile: "a failure alone does not decide; which policy has a tool without one?",
  mail: "a failure alone does not decide; the program does not allow this tool to run twice",
} as const;

const count = z.number();
const Prediction = z.object({
  attempts: z.object({
    oslo: count,
    atlantis: count,
    babel: count,
    vostok: count,
    profile: count,
    mail: count,
  }),
  exhausted: z.array(z.string()),
});

const REPLY = asking(
  weather("oslo"),
  weather("atlantis"),
  weather("babel"),
  weather("vostok"),
  call("profile", "get_user_profile"),
  email("carol@lossy.example", "hello", "mail"),
);

const hinting = (retry: object) => new Error("not now", { cause: { retry } });

/** The prediction is what happens with the six calls of the task. */
export const check: Check = async ({ ask, predicted }) => {
  const ran = new Map<string, number>();
  const note = (id: string): number => {
    const attempt = (ran.get(id) ?? 0) + 1;
    ran.set(id, attempt);
    return attempt;
  };
  const [{ attempts, exhausted }, { feedback }] = await Promise.all([
    predicted(Prediction),
    ask({
      replies: [REPLY],
      tools: {
        get_weather({ location = "" }) {
          const attempt = note(location);
          if (location === "oslo" && attempt === 2) return "snowy";
          if (location === "atlantis") throw new Error("no station");
          if (location === "babel" && attempt > 1) throw new Error("no station");
          throw hinting(location === "oslo" ? { after_ms: 20 } : {});
        },
        get_user_profile() {
          note("profile");
          throw hinting({});
        },
        // The first e-mail to this address is sent, and its acknowledgement is lost.
        send_email: () => void note("mail"),
      },
    }),
  ]);
  for (const id of ["oslo", "atlantis", "babel", "vostok", "profile", "mail"] as const) {
    expectThat(
      attempts[id] === ran.get(id),
      `${id}: the prediction is ${attempts[id]}, but ${REASONS[id]}`,
    );
  }
  const results = feedback[0]?.results ?? [];
  const used = results.flatMap(({ id, exhausted: mark }) => (mark === undefined ? [] : id));
  expectThat(
    exhausted.toSorted().join() === used.toSorted().join(),
    `exhausted: the prediction is ${exhausted.join(", ") || "none"}; only a call whose last failure would allow one more attempt has used them up`,
  );
  const counts = [...ran].map(([id, attempt]) => `${id} ${attempt}`).toSorted();
  return `the attempts were ${counts.join(", ")}, and exhausted was set for ${used.join(", ")}, as predicted`;
};
