import { get } from "node:http";
import { text } from "node:stream/consumers";

/** A weather tool that reports to a barrier and waits there until it is released. */
export function forecast({ location }: { location: string }): Promise<string> {
  // The first fetch of a thread takes four times as long.
  return new Promise((resolve) => {
    get(process.env.BARRIER_URL + encodeURIComponent(location), (answer) => resolve(text(answer)));
  });
}
