// The tools as a model sees them. What a tool does is a function in a file of its own, free of zod,
// because every thread loads it.
import { z } from "zod";
import { deliver, readMailbox } from "./mailbox.ts";
import { lookUpProfile } from "./profile.ts";
import { forecast } from "./weather.ts";

/** What a caller may tell a tool besides its arguments; a tool that does not care ignores it. */
export type RunContext = {
  /** An idempotency key: however often a call with this key is run, it takes effect once. */
  readonly key?: string;
  /** A shared integer; once it is not 0, nobody waits for the result any more. */
  readonly cancelled?: Int32Array;
};

/**
 * `run` takes arguments that fit `parameters`; it returns plain data or throws. An error whose cause
 * is `{ retry: { after_ms } }` says that another try may succeed, after so many milliseconds if given.
 */
export type Tool = {
  readonly name: string;
  readonly description: string;
  readonly parameters: z.ZodObject;
  /** What its time goes into: computing, or waiting for something outside the process. */
  readonly bound: "cpu" | "io";
  run(args: object, context?: RunContext): unknown;
};

export const getWeather = {
  name: "get_weather",
  description: "Get the current weather in one city.",
  parameters: z.object({ location: z.string().describe("the city's name") }),
  bound: "cpu",
  run: forecast,
} as const satisfies Tool;

export const getUserProfile = {
  name: "get_user_profile",
  description: "Get the name and e-mail address of the user you are talking to.",
  parameters: z.object({}),
  bound: "io",
  run: lookUpProfile,
} as const satisfies Tool;

export const sendEmail = {
  name: "send_email",
  description: "Send one e-mail.",
  parameters: z.object({
    from: z.string().describe("your own address: weather-bot@example.com"),
    to: z.string().describe("the recipient's address"),
    message: z.string().describe("the text of the e-mail"),
  }),
  bound: "io",
  run: deliver,
} as const satisfies Tool;

export const listEmails = {
  name: "list_emails",
  description: "List the e-mails that were sent, oldest first.",
  parameters: z.object({}),
  bound: "io",
  run: readMailbox,
} as const satisfies Tool;
