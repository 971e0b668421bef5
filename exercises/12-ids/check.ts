import { type Check, expectThat } from "../support/check.ts";
import { makeMeeting } from "../support/meet.ts";
import { asking, email, weather } from "../support/replies.ts";

/** Each call gets its own outcome although all ids are the same, and an e-mail still runs alone. */
export const check: Check = async ({ ask }) => {
  const meeting = makeMeeting(2, "the two forecasts of a reply");
  let forecasts = 0;
  const before: number[] = [];
  const replyOf = (id: string) => {
    return asking(email("bob@example.com", "hello", id), weather("LA", id), weather("Lima", id));
  };
  const { feedback, mailbox } = await ask({
    replies: [replyOf(""), replyOf("same")],
    tools: {
      get_weather: async ({ location }) => {
        await meeting.come();
        forecasts++;
        return `weather of ${location}`;
      },
      send_email: () => void before.push(forecasts),
    },
  });
  for (const { results } of feedback) {
    const came = results.map(({ result }) => result).join(", ");
    expectThat(
      came === "message sent, weather of LA, weather of Lima",
      `expected the results of send_email, LA, Lima in the order asked; they came back as ${came}`,
    );
  }
  meeting.expectAll();
  expectThat(
    before.join() === "2,4",
    `expected the e-mails to start when 2 and 4 forecasts had ended; ${before.join(" and ")} had`,
  );
  const [first = [], second = []] = feedback.map(({ results }) => results.map(({ id }) => id));
  expectThat(
    first.join() === ",," && second.join() === "same,same,same",
    `expected the ids to go back as they came; they are ${JSON.stringify([...first, ...second])}`,
  );
  expectThat(mailbox.length === 2, `expected one e-mail for each reply, got ${mailbox.length}`);
  return `three calls with the id "" and three with the id "same" got an outcome each, in the order asked; each e-mail was sent alone`;
};
