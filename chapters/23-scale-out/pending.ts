// How people list the pending calls and resolve them by their keys.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { fetchFromEngine } from "../../shared/engine/fetch.ts";
import { expectShape } from "../../shared/shape.ts";
import type { Address } from "./settings.ts";

const Asked = z.object({ text: z.string(), deadline: z.number() });
const Row = z.object({ key: z.string(), asked: z.string() });
const Rows = z.object({ rows: z.array(Row) });

/** A pending call: its key, its text, and its deadline in ms since 1970. */
export type Pending = z.infer<typeof Asked> & { readonly key: string };

/** The engine accepts SQL queries about the state of its objects. */
const QUERY = `SELECT a.service_key AS key, a.value_utf8 AS asked FROM state a
LEFT JOIN state r ON r.service_key = a.service_key AND r.service_name = 'approvals' AND r.key = 'resolution'
WHERE a.service_name = 'approvals' AND a.key = 'asked' AND r.key IS NULL`;

const HEADERS = { "content-type": "application/json", accept: "application/json" };

/** All pending calls, in no particular order. */
export async function listPending({ admin }: Pick<Address, "admin">): Promise<Pending[]> {
  const body = JSON.stringify({ query: QUERY });
  const response = await fetchFromEngine(`${admin}/query`, {
    method: "POST",
    headers: HEADERS,
    body,
  });
  const { rows } = expectShape("rows of the engine", Rows, await response.json());
  return rows.map(({ key, asked }) => ({ key, ...Asked.parse(JSON.parse(asked)) }));
}

const Resolved = z.object({
  said: z.enum(["yes", "no", "timeout"]),
  reason: z.string().optional(),
  accepted: z.boolean(),
});
const Reply = z.union([Resolved, z.object({ message: z.string() })]);

/** A person's answer about a call; a no may have a reason. */
export type Said = { readonly said: "yes" | "no"; readonly reason?: string };

/** The resolution that counts, and whether it is the one that was just tried. */
export type Resolved = z.infer<typeof Resolved>;

/** Resolves a call. Throws an error for an unknown key. */
export async function resolve(
  { ingress }: Pick<Address, "ingress">,
  key: string,
  answer: Said,
): Promise<Resolved> {
  const url = `${ingress}/approvals/${encodeURIComponent(key)}/resolve`;
  const response = await fetchFromEngine(url, {
    method: "POST",
    // If the request arrives twice, both get the same reply.
    headers: { ...HEADERS, "idempotency-key": randomUUID() },
    body: JSON.stringify(answer),
  });
  const reply = expectShape("a reply of the engine", Reply, await response.json());
  if ("message" in reply) throw new Error(reply.message);
  return reply;
}

/** Says in a few words whether the resolution was accepted. */
export function sayResolved({ said, accepted }: Resolved): string {
  return accepted ? "accepted" : `already resolved: ${said}`;
}
