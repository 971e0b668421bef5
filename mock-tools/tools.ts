// The tools as a model sees them. The work of a tool is in a file of its own that does not import zod,
// because every thread loads it.
import { z } from "zod";
import { studyClimate as study } from "./climate.ts";
import type { RunContext } from "./context.ts";
import { deliver, readMailbox } from "./mailbox.ts";
import { noteCall } from "./notes.ts";
import { lookUpProfile } from "./profile.ts";
import { forecast } from "./weather.ts";

/**
 * A tool of an agent. `run` takes arguments that fit `parameters`. It returns data that JSON can hold,
 * or throws. An error with the cause `{ retry: { after_ms } }` says that a retry may succeed, after that
 * many milliseconds if the number is given.
 */
export type Tool<Parameters extends z.ZodObject = z.ZodObject> = {
  readonly name: string;
  readonly description: string;
  readonly parameters: Parameters;
  /** What takes its time: computing, or waiting for something outside the process. */
  readonly bound: "cpu" | "io";
  run(args: z.infer<Parameters>, context?: RunContext): unknown;
};

/**
 * Makes a tool from its parts. The compiler checks its function against its schema. The tool notes when it
 * runs, if notes are wanted.
 */
export function defineTool<Parameters extends z.ZodObject>(tool: Tool<Parameters>): Tool {
  return {
    ...tool,
    run(args: z.infer<Parameters>, context?: RunContext) {
      return noteCall(tool.name, args, () => tool.run(args, context));
    },
  };
}

export const getWeather = defineTool({
  name: "get_weather",
  description: "Get the current weather in one city.",
  parameters: z.object({ location: z.string().describe("the city's name") }),
  bound: "cpu",
  run: forecast,
});

export const getUserProfile = defineTool({
  name: "get_user_profile",
  description: "Get the name and e-mail address of the user you are talking to.",
  parameters: z.object({}),
  bound: "io",
  run: lookUpProfile,
});

export const sendEmail = defineTool({
  name: "send_email",
  description: "Send one e-mail.",
  parameters: z.object({
    from: z.string().describe("your own address: weather-bot@example.com"),
    to: z.string().describe("the recipient's address"),
    message: z.string().describe("the text of the e-mail"),
  }),
  bound: "io",
  run: deliver,
});

export const listEmails = defineTool({
  name: "list_emails",
  description: "List the e-mails that were sent, oldest first.",
  parameters: z.object({}),
  bound: "io",
  run: readMailbox,
});

export const studyClimate = defineTool({
  name: "study_climate",
  description:
    'Study the climate of one city over 30 years, season by season. It takes long. While it runs, the signal "narrow" with a season as its payload (winter, spring, summer or autumn) leaves the other seasons out.',
  parameters: z.object({ location: z.string().describe("the city's name") }),
  bound: "cpu",
  run: study,
});
