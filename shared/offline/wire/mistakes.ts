import { z } from "zod";
import { DEEPEST, findExcess, MOST_VALUES } from "./json.ts";
import { listOf } from "./list.ts";
import type { Refusal, Wire } from "./refusal.ts";

/** The field that holds the conversation in each API. */
const CONVERSATION = {
  chat: "messages",
  responses: "input",
  claude: "messages",
  gemini: "contents",
} as const;

/** The other required fields of each API. Gemini's model is in the path. */
const OTHERS: Readonly<Record<Wire, readonly string[]>> = {
  chat: ["model"],
  responses: ["model"],
  claude: ["model", "max_tokens"],
  gemini: [],
};

const Body = z.record(z.string(), z.unknown());
const Content = z.union([z.string(), listOf(z.looseObject({}))]).nullish();
const Call = z.looseObject({
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
});
const Message = z.looseObject({ role: z.string(), content: Content });

/** The shape of the conversation's entries, as far as aimock and the offline model rely on it. */
const ENTRIES: Readonly<Record<Wire, z.ZodType>> = {
  chat: Message.extend({ tool_calls: listOf(Call).nullish() }),
  responses: z.looseObject({ content: Content, output: Content }),
  claude: Message,
  gemini: z.looseObject({ parts: listOf(z.looseObject({})).optional() }),
};

/** The shapes of the other fields on which they rely. A name has the same type in every API. */
const FIELDS: Readonly<Record<string, z.ZodType>> = {
  instructions: z.string().nullish(),
  tools: listOf(
    z.looseObject({ functionDeclarations: listOf(z.looseObject({})).nullish() }),
  ).nullish(),
};

/** Takes the text of a body. Returns a refusal if it is too deep or too long to be parsed. */
export function findTooMuch(text: string): Refusal | undefined {
  const excess = findExcess(text);
  if (excess === undefined) return undefined;
  const message =
    excess === "depth"
      ? `Your request is nested too deeply: at most ${DEEPEST} levels are read.`
      : `Your request holds too many values: at most ${MOST_VALUES} are read.`;
  return { status: 400, message };
}

/** Each API's error for a missing field. */
function missing(wire: Wire, field: string): Refusal {
  if (wire === "claude") return { status: 400, message: `${field}: Field required` };
  if (wire === "gemini") {
    const message = `* GenerateContentRequest.${field}: ${field} is not specified`;
    return { status: 400, message };
  }
  const message = `Missing required parameter: '${field}'.`;
  return { status: 400, message, param: field, code: "missing_required_parameter" };
}

/** Each API's error for an empty field. */
function empty(wire: Wire, field: string): Refusal {
  if (wire === "gemini") return missing(wire, field);
  if (wire === "claude") {
    return { status: 400, message: `${field}: at least one message is required` };
  }
  const message = `Invalid '${field}': empty array. Expected an array with minimum length 1, but got an empty array instead.`;
  return { status: 400, message, param: field, code: "empty_array" };
}

/** The error for a field of the wrong type, or undefined. */
function findWrongType(field: string, value: unknown, schema: z.ZodType): Refusal | undefined {
  const [issue] = schema.safeParse(value).error?.issues ?? [];
  if (!issue) return undefined;
  const steps = issue.path.map((step) =>
    typeof step === "number" ? `[${step}]` : `.${String(step)}`,
  );
  const param = `${field}${steps.join("")}`;
  const reason = issue.message.replace(/^Invalid input: /, "");
  return {
    status: 400,
    message: `Invalid type for '${param}': ${reason}.`,
    param,
    code: "invalid_type",
  };
}

/**
 * Takes the parsed body of a request, or undefined if it was not JSON. Returns what is missing or
 * wrong in the words of the real API, or undefined.
 */
export function findMistake(wire: Wire, json: unknown): Refusal | undefined {
  const body = Body.safeParse(json).data;
  if (!body) {
    const message = "We could not parse the JSON body of your request: expected a JSON object.";
    return { status: 400, message };
  }
  const other = OTHERS[wire].find((name) => (body[name] ?? "") === "");
  if (other !== undefined) return missing(wire, other);
  const field = CONVERSATION[wire];
  const said = body[field] ?? undefined;
  if (said === undefined) return missing(wire, field);
  if (said === "" || (Array.isArray(said) && said.length === 0)) return empty(wire, field);
  const isText = wire === "responses" && typeof said === "string";
  const wrong = isText ? undefined : findWrongType(field, said, listOf(ENTRIES[wire]));
  if (wrong) return wrong;
  const others = Object.entries(FIELDS).map(([name, type]) =>
    findWrongType(name, body[name], type),
  );
  return others.find((refusal) => refusal !== undefined);
}
