// shared/offline/wire/client.ts for a page: the model answers here, and the page hears what it is asked.
import { fetchOffline as fetchHere } from "../../../shared/offline/wire/here.ts";
import type { Exchange } from "../messages.ts";
import { tell } from "../realm.ts";

export { OFFLINE_URL, startOfflineModel } from "../../../shared/offline/wire/here.ts";

/** Printed with the name of the offline model. A page has no variables to set. */
export const OFFLINE_HINT = "in this page";

type Event = NonNullable<Exchange["events"]>[number];

let count = 0;

function now(): number {
  return performance.timeOrigin + performance.now();
}

/** The events of a stream, each with the milliseconds since the request. */
async function readEvents(response: Response, start: number): Promise<Event[]> {
  const events: Event[] = [];
  let rest = "";
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = (await reader?.read()) ?? { done: true };
    if (done) return events;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const [, data] = /^data: (\{.*)$/m.exec(part) ?? [];
      const at = Math.round(now() - start);
      if (data !== undefined) events.push({ at, data: JSON.parse(data) });
    }
  }
}

/** Tells the page of a request and, when it has come, of its reply. The program waits for neither. */
async function report(asked: Exchange, response: Response): Promise<void> {
  const isStream = response.headers.get("content-type") === "text/event-stream";
  const reply = isStream
    ? { events: await readEvents(response, asked.start) }
    : { reply: await response.json() };
  tell({ ...asked, end: now(), ...reply });
}

export const fetchOffline: typeof fetch = async (address, init) => {
  count += 1;
  const { pathname } = new URL(String(address));
  const request: unknown = JSON.parse(String(init?.body ?? "null"));
  const asked = { type: "exchange", number: count, path: pathname, request, start: now() } as const;
  tell(asked);
  const response = await fetchHere(address, init);
  // A stream that is given up has no end, so the page keeps the request without a reply.
  report(asked, response.clone()).catch(() => undefined);
  return response;
};
