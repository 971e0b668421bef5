// The tools as a model sees them. What a tool does is a function in a file of its own, free of zod,
// because every thread loads it.
import { z } from "zod";
import { deliver } from "./mailbox.ts";
import { lookUpProfile } from "./profile.ts";
import { forecast } from "./weather.ts";

/** `run` takes arguments that fit `parameters`; it returns plain data or throws. */
export type Tool = {
  readonly name: string;
  readonly description: string;
  readonly parameters: z.ZodObject;
  run(args: object): unknown;
};

export const getWeather = {
  name: "get_weather",
  description: "Get the current weather in one city.",
  parameters: z.object({ location: z.string().describe("the city's name") }),
  run: forecast,
};

export const getUserProfile = {
  name: "get_user_profile",
  description: "Get the name and e-mail address of the user you are talking to.",
  parameters: z.object({}),
  run: lookUpProfile,
};

export const sendEmail = {
  name: "send_email",
  description: "Send one e-mail.",
  parameters: z.object({
    from: z.string().describe("your own address: weather-bot@example.com"),
    to: z.string().describe("the recipient's address"),
    message: z.string().describe("the text of the e-mail"),
  }),
  run: deliver,
};
