import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { asking, call } from "../support/replies.ts";

const Request = z.object({ messages: z.array(z.object({ content: z.string() })) });
const Listed = z.object({
  name: z.string(),
  description: z.string(),
  parameters: z.object({
    properties: z.record(z.string(), z.looseObject({ type: z.string().optional() })),
    required: z.array(z.string()).optional(),
  }),
});

/** The tools that the prompt lists, each as one line of JSON. */
function listedIn(request: unknown): z.infer<typeof Listed>[] {
  const [prompt] = Request.parse(request).messages;
  const lines = (prompt?.content ?? "").split("\n").filter((line) => line.startsWith('{"name"'));
  return lines.map((line) => Listed.parse(JSON.parse(line)));
}

const convert = (celsius: unknown) => asking(call("", "to_fahrenheit", { celsius }));

/** The prompt lists the tool, numbers are converted, and a text in place of a number is refused. */
export const check: Check = async ({ askEach }) => {
  const { runs } = await askEach([[convert(100)], [convert(0.5)], [convert("20")]]);
  const [hot, cold, text] = runs;
  const listed = listedIn(hot?.requests[0]);
  const names = listed.map(({ name }) => name).join(", ");
  const own = listed.find(({ name }) => name === "to_fahrenheit");
  expectThat(own, `expected the prompt to list a tool to_fahrenheit; it lists ${names}`);
  expectThat(own.description.trim(), "expected a description; the model reads it, and it is empty");
  const { properties, required } = own.parameters;
  const shape = JSON.stringify(properties);
  expectThat(
    properties.celsius?.type === "number" && required?.join() === "celsius",
    `expected one parameter, celsius, which is a number; the prompt's schema has ${shape}`,
  );
  const [hotCame, coldCame] = [hot, cold].map((run) => run?.answer ?? run?.error);
  expectThat(hotCame === "212", `expected the number 212 for celsius: 100, got ${hotCame}`);
  expectThat(
    Math.abs(Number(coldCame) - 32.9) < 1e-9,
    `expected the number 32.9 for celsius: 0.5, got ${coldCame}`,
  );
  expectThat(
    text?.error?.startsWith("invalid arguments"),
    `expected celsius: "20", which is a text, to be refused; the program answered ${text?.answer}`,
  );
  return 'the prompt lists to_fahrenheit; 100 became 212 and 0.5 became 32.9; celsius: "20", a text, was refused';
};
