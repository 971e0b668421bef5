import { z } from "zod";
import { listOf } from "./list.ts";

/** A tool may give its parameters under this name, but aimock only knows the name `parameters`. */
const Declarations = z.looseObject({
  tools: listOf(
    z.looseObject({
      functionDeclarations: listOf(z.looseObject({ parametersJsonSchema: z.unknown() })),
    }),
  ),
});

function renameParameters(body: unknown): unknown {
  const { data } = Declarations.safeParse(body);
  if (!data) return body;
  const tools = data.tools.map((tool) => {
    const functionDeclarations = tool.functionDeclarations.map((declaration) => {
      return { ...declaration, parameters: declaration.parametersJsonSchema };
    });
    return { ...tool, functionDeclarations };
  });
  return { ...data, tools };
}

const Named = z.looseObject({ id: z.string().optional() }).optional();
const Part = z.looseObject({ functionCall: Named, functionResponse: Named });
type Part = z.infer<typeof Part>;
const Contents = z.looseObject({
  contents: listOf(z.looseObject({ parts: listOf(Part) })),
});

/** Sorts the parts of a message like the ids. If a part has no id or an unknown one, they keep their order. */
function sortParts(parts: readonly Part[], ids: readonly string[]): readonly Part[] {
  const places = new Map(ids.map((id, index) => [id, index]));
  const place = (part: Part): number => places.get(part.functionResponse?.id ?? "") ?? -1;
  if (parts.some((part) => place(part) < 0)) return parts;
  return parts.toSorted((one, other) => place(one) - place(other));
}

/** Results with ids may come in any order, but aimock pairs them with the calls by name and place. */
function orderResults(body: unknown): unknown {
  const { data } = Contents.safeParse(body);
  if (!data) return body;
  const contents = data.contents.map(({ parts, ...content }, index) => {
    const calls = data.contents[index - 1]?.parts ?? [];
    const ids = calls.flatMap(({ functionCall }) => functionCall?.id ?? []);
    return { ...content, parts: sortParts(parts, ids) };
  });
  return { ...data, contents };
}

/** Takes a request's body, returns it so that aimock drops nothing. It changes only bodies for Gemini. */
export function adaptGemini(body: unknown): unknown {
  return orderResults(renameParameters(body));
}
