import { get } from "node:http";
import { text } from "node:stream/consumers";

/** A weather tool that reports to a barrier and waits there until it is let go. */
export function forecast({ location }: { location: string }): Promise<string> {
  // A thread's first fetch costs four times as much.
  return new Promise((resolve) => {
    get(process.env.BARRIER_URL + encodeURIComponent(location), (answer) => resolve(text(answer)));
  });
}
