import { z } from "zod";

/** Tools may say their parameters in JSON Schema under another name, which aimock drops. */
const Declarations = z.looseObject({
  tools: z.array(
    z.looseObject({
      functionDeclarations: z.array(z.looseObject({ parametersJsonSchema: z.unknown() })),
    }),
  ),
});

function nameParameters(body: unknown): unknown {
  const { data } = Declarations.safeParse(body);
  if (!data) return body;
  const tools = data.tools.map((tool) => {
    const declarations = tool.functionDeclarations.map((one) => {
      return { ...one, parameters: one.parametersJsonSchema };
    });
    return { ...tool, functionDeclarations: declarations };
  });
  return { ...data, tools };
}

const Named = z.looseObject({ id: z.string().optional() }).optional();
const Contents = z.looseObject({
  contents: z.array(
    z.looseObject({
      parts: z.array(z.looseObject({ functionCall: Named, functionResponse: Named })),
    }),
  ),
});

/** Results with ids may stand in any order; aimock pairs them with the calls by name and place. */
function orderResults(body: unknown): unknown {
  const { data } = Contents.safeParse(body);
  if (!data) return body;
  const contents = data.contents.map(({ parts, ...content }, index) => {
    const calls = data.contents[index - 1]?.parts ?? [];
    const ids = calls.flatMap(({ functionCall }) => functionCall?.id ?? []);
    const places = new Map(
      parts.map((part) => [part, ids.indexOf(part.functionResponse?.id ?? "")]),
    );
    if ([...places.values()].includes(-1)) return { ...content, parts };
    const place = (part: (typeof parts)[number]): number => places.get(part) ?? 0;
    return { ...content, parts: parts.toSorted((one, other) => place(one) - place(other)) };
  });
  return { ...data, contents };
}

/** Writes a request of Gemini's so that aimock loses nothing of it; others stay as they are. */
export function adaptGemini(body: unknown): unknown {
  return orderResults(nameParameters(body));
}
