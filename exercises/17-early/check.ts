import { type Check, expectThat } from "../support/check.ts";
import { asking, email, weather } from "../support/replies.ts";

/** A reply breaks off before its end: the forecast ran, the e-mail did not. In a whole reply, both run. */
export const check: Check = async ({ ask }) => {
  const calls = [email("bob@example.com"), weather("LA"), email("eve@example.com")];
  const places: string[] = [];
  const tools = {
    get_weather: ({ location = "" }) => {
      places.push(location);
      return "sunny";
    },
  };
  const mails: string[] = [];
  const sending = {
    send_email: ({ to = "" }) => {
      mails.push(to);
      return undefined;
    },
  };
  const [broken, whole] = await Promise.all([
    ask({
      replies: [{ ...asking(email("bob@example.com"), weather("LA")), breaks: true }],
      tools: { ...tools, ...sending },
      mayFail: true,
    }),
    ask({ replies: [asking(...calls)] }),
  ]);
  const count = mails.length === 1 ? "1 e-mail was" : `${mails.length} e-mails were`;
  expectThat(
    mails.length === 0,
    `the reply broke off and ${count} sent; expected none, because the user may ask again`,
  );
  expectThat(
    places.length === 1,
    `the reply broke off after the call for LA was complete; expected its forecast to have started once, it started ${places.length} times`,
  );
  expectThat(
    broken.code !== 0,
    "the reply broke off; expected the program to end with an error, and it ended as if all was well",
  );
  const came = whole.feedback[0]?.results.map(({ id }) => id).join(", ") || "nothing";
  const asked = calls.map(({ id }) => id).join(", ");
  expectThat(came === asked, `expected the results of ${asked}, in this order; got ${came}`);
  const sent = whole.mailbox.map(({ to }) => to);
  expectThat(
    sent.toSorted().join() === "bob@example.com,eve@example.com",
    `a whole reply asked for an e-mail to Bob and one to Eve; the mailbox holds ${sent.join(", ") || "none"}`,
  );
  return `when the reply broke off, LA's forecast had started and no e-mail was sent; the whole reply sent ${sent.length} e-mails, and its results came as ${came}`;
};
