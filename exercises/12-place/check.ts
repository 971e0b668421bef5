import { setTimeout as wait } from "node:timers/promises";
import { type Check, expectThat } from "../support/check.ts";
import { makeMeeting } from "../support/meet.ts";
import { asking, call, email, weather } from "../support/replies.ts";

/** The calls of the second reply in their order. Those of one group may run at the same time. */
const GROUPS = [["LA", "Lima"], ["Bob"], ["Paris", "Tokyo"], ["Carol"], ["Dave"], ["Oslo"]];
const PEOPLE = ["Bob", "Carol", "Dave"];

/** A list after an e-mail shows it; serial calls run alone in their places, and the others together. */
export const check: Check = async ({ ask }) => {
  const meeting = makeMeeting(2, "the calls of Paris and Tokyo, with no serial call between them,");
  const ended: string[] = [];
  let early: string | undefined;
  const act = async (who = "") => {
    const before = GROUPS.slice(
      0,
      GROUPS.findIndex((group) => group.includes(who)),
    ).flat();
    const open = before.find((one) => !ended.includes(one));
    if (open) early ??= `${who}'s call to start when ${open}'s has ended; it started before`;
    if (["Paris", "Tokyo"].includes(who)) await meeting.come();
    // A call that starts too early starts meanwhile.
    await wait(50);
    ended.push(who);
    return who;
  };
  const calls = GROUPS.flat().map((who, index) => {
    const id = ["1", "2", ""][index % 3];
    return PEOPLE.includes(who) ? email(who, "hello", id) : weather(who, id);
  });
  const { feedback } = await ask({
    replies: [asking(email("Alice"), call("list", "list_emails")), asking(...calls)],
    tools: {
      get_weather: ({ location }) => act(location),
      send_email: ({ to }) => (to === "Alice" ? undefined : act(to)),
    },
  });
  const [first = [], second = []] = feedback.map(({ results }) => results);
  const listed = JSON.stringify(first[1]?.result);
  expectThat(
    listed?.includes("Alice"),
    `expected list_emails to see the e-mail that was asked for before it; its result was ${listed}`,
  );
  expectThat(early === undefined, `expected ${early}`);
  meeting.expectAll();
  const came = second.map(({ result }) => result).join(", ");
  expectThat(
    came === GROUPS.flat().join(", "),
    `expected the results of ${GROUPS.flat().join(", ")}; they came back as ${came}`,
  );
  return `list_emails saw the e-mail before it; the e-mails to ${PEOPLE.join(", ")} ran alone in their places; Paris and Tokyo ran at the same time`;
};
