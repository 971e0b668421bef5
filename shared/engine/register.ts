import { z } from "zod";
import type { Engine } from "./engine.ts";
import { fetchFromEngine } from "./fetch.ts";

type Admin = Pick<Engine, "admin" | "lost">;

const Known = z.object({ id: z.string(), services: z.array(z.object({ name: z.string() })) });
const Deployments = z.object({ deployments: z.array(Known) });
const Refusal = z.object({ message: z.string() });

type Request = { readonly method: string; readonly path: string; readonly body?: unknown };

async function ask({ admin, lost }: Admin, { method, path, body }: Request): Promise<unknown> {
  const response = await fetchFromEngine(`${admin}${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
    signal: lost,
  });
  const answer: unknown = await response.json();
  if (response.ok) return answer;
  const { message } = Refusal.parse(answer);
  throw new Error(`the engine cannot take the services: ${message.replace(/\s+/g, " ")}`);
}

/** The names of a deployment's services, in a fixed order. */
function namesOf({ services }: z.infer<typeof Known>): string {
  return services
    .map(({ name }) => name)
    .sort()
    .join(", ");
}

/**
 * Tells an engine where services are, so that it calls them. If it knows these services from an
 * earlier process, they get the new address, and their unfinished work goes on here.
 *
 * @param at the port of serveService if it listens on loopback, or the services' URL
 * @throws an error in one line if the engine cannot reach them or does not take them
 */
export async function registerService(engine: Admin, at: number | string): Promise<void> {
  const uri = typeof at === "string" ? at : `http://127.0.0.1:${at}/`;
  const path = "/deployments";
  const body = { uri, dry_run: true };
  const names = namesOf(Known.parse(await ask(engine, { method: "POST", path, body })));
  const { deployments } = Deployments.parse(await ask(engine, { method: "GET", path }));
  const same = deployments.filter((one) => namesOf(one) === names);
  for (const { id } of same) {
    await ask(engine, { method: "PATCH", path: `${path}/${id}`, body: { uri } });
  }
  if (same.length > 0) return;
  const made = Known.parse(await ask(engine, { method: "POST", path, body: { uri } }));
  // If other services had this address in an earlier process, the engine still knows those.
  if (namesOf(made) !== names) throw new Error(`the engine knows other services at ${uri}`);
}
