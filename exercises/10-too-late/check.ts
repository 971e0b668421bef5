import { type Check, expectThat } from "../support/check.ts";
import { asking, email, weather } from "../support/replies.ts";

const RECIPIENTS = ["bob@example.com", "carol@example.com"];
const PATIENCE_MS = 5_000;

/** Ends when the call is cancelled. */
function untilCancelled(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve("sunny"), PATIENCE_MS);
    signal.addEventListener("abort", () => {
      clearTimeout(late);
      resolve("an incomplete forecast");
    });
  });
}

/** The deadline comes while the first call runs: the calls behind it never start, and have an outcome. */
export const check: Check = async ({ ask }) => {
  const started: string[] = [];
  const { feedback, mailbox } = await ask({
    replies: [
      asking(weather("LA"), ...RECIPIENTS.map((to) => email(to))),
      asking(weather("Lima"), email("dave@example.com")),
    ],
    limit: 30_000,
    tools: {
      get_weather: ({ location }, { signal }) => {
        return location === "LA" ? untilCancelled(signal) : "cloudy";
      },
      send_email({ to = "" }) {
        started.push(to);
        return undefined;
      },
    },
  });
  const late = RECIPIENTS.filter((to) => started.includes(to));
  expectThat(
    late.length === 0,
    `expected no e-mail to start after the deadline; ${late.join(" and ")} got one`,
  );
  const [first = [], second = []] = feedback.map(({ results }) => results);
  const ids = first.map(({ id }) => id).join(", ");
  const asked = ["LA", ...RECIPIENTS].join(", ");
  expectThat(
    ids === asked,
    `expected outcomes of ${asked}, in the order asked; got ${ids || "none"}`,
  );
  for (const { id, cancelled, ...rest } of first.slice(1)) {
    expectThat(
      cancelled === "it never started",
      `expected the outcome of ${id} to say "it never started"; it says ${JSON.stringify(cancelled ?? rest)}`,
    );
  }
  const sent = mailbox.map(({ to }) => to).join(", ");
  expectThat(
    second.every(({ result }) => result !== undefined) && sent === "dave@example.com",
    `expected the next batch to run as usual and to send the e-mail to dave@example.com; the mailbox holds ${sent || "nothing"}`,
  );
  return "the deadline came during LA's forecast, both e-mails behind it never started and say so, and the next batch ran as usual";
};
