import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { run } from "../scripts/run.ts";
import { listen } from "../scripts/serve.ts";
import { serveOfflineModel } from "../shared/offline/wire/server.ts";

const FILE = "chapters/18-tool-output/main.ts";
const QUESTIONS = ["How was July in Paris?", "How was July in Paris, Sydney, Cairo and Tokyo?"];
const NO_BUDGET = { MAX_OUTPUT_BYTES: "1000000", MAX_OUTPUT_LINES: "100000" };

const Reply = z.object({ usage: z.object({ input_tokens: z.number() }) });

/** The size of a request: the bytes of its body, and the tokens that the server counts. */
type Size = { readonly bytes: number; readonly tokens: number };

/** Serves in front of the offline model, and notes the size of each request. */
async function serveScales() {
  const model = await serveOfflineModel(0, true);
  const sizes: Size[] = [];
  const server = createServer(async (incoming, response) => {
    const body = await text(incoming);
    const headers = { "content-type": "application/json" };
    const reply = await fetch(`${model}/responses`, { method: "POST", headers, body });
    const said = await reply.text();
    const { usage } = Reply.parse(JSON.parse(said));
    sizes.push({ bytes: Buffer.byteLength(body), tokens: usage.input_tokens });
    response.writeHead(reply.status, headers).end(said);
  });
  const { url } = await listen(server);
  return { url: `${url}/v1`, takeSizes: () => sizes.splice(0) };
}

/** The size of each request of some questions, with the chapter's own budget and without one. */
export async function measureToolOutput(): Promise<Record<string, Record<string, Size[]>>> {
  const { url, takeSizes } = await serveScales();
  const results: Record<string, Record<string, Size[]>> = {};
  for (const question of QUESTIONS) {
    const measure = async (settings: Record<string, string>) => {
      const { stderr, code } = await run(FILE, [question], {
        env: { OPENAI_BASE_URL: url, ...settings },
      });
      if (code !== 0) throw new Error(`${FILE} fails: ${stderr}`);
      return takeSizes();
    };
    results[question] = { budget: await measure({}), none: await measure(NO_BUDGET) };
  }
  return results;
}
