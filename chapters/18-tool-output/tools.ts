// The tools that only this chapter has, as a model sees them.
import { z } from "zod";
import { listDays } from "../../mock-tools/daily.ts";
import { defineLocal, type LocalTool } from "../../mock-tools/local.ts";
import { defineTool, type Tool as ThreadTool } from "../../mock-tools/tools.ts";
import { readLines } from "./kept.ts";

/** A tool of this chapter runs in a thread, or it is local and runs in the program itself. */
export type Tool = (ThreadTool & { readonly local?: false }) | LocalTool<void>;

export const getDailyWeather = defineTool({
  name: "get_daily_weather",
  description: "Get the weather of each day of the year 2025 in one city, a line a day.",
  parameters: z.object({ location: z.string().describe("the city's name") }),
  bound: "cpu",
  run: listDays,
});

export const readOutput = defineLocal({
  name: "read_output",
  description: "Read some lines of the output of an earlier call that was too long to be shown.",
  parameters: z.object({
    call_id: z.string().describe("the call_id that the output names at its end"),
    from_line: z.number().describe("the first line that is wanted, from 1 up"),
    to_line: z.number().describe("the last line that is wanted"),
  }),
  local: true,
  run: readLines,
});
