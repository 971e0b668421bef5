// Tools that are held in their threads. Each reports its arguments to the main thread, and ends
// as the main thread says. The exports are those of weather.ts, profile.ts and mailbox.ts.
import { BroadcastChannel, threadId } from "node:worker_threads";

/** A call that is held in a thread. */
export type Held = { readonly thread: number; readonly tool: string; readonly args: unknown };

/** How the call in a thread must end. */
export type End = {
  readonly to: number;
  readonly result: unknown;
  /** The error that its tool throws instead. */
  readonly error: string | undefined;
};

async function hold(tool: string, args: unknown): Promise<unknown> {
  const channel = new BroadcastChannel("held");
  const told = new Promise<End>((resolve) => {
    channel.onmessage = (message) => {
      const { data } = Object(message);
      if (data.to === threadId) resolve(data);
    };
  });
  channel.postMessage({ thread: threadId, tool, args } satisfies Held);
  const { result, error } = await told;
  channel.close();
  if (error !== undefined) throw new Error(error);
  return result;
}

export const forecast = (args: unknown): unknown => hold("get_weather", args);
export const lookUpProfile = (args: unknown): unknown => hold("get_user_profile", args);
export const deliver = (args: unknown): unknown => hold("send_email", args);
export const readMailbox = (args: unknown): unknown => hold("list_emails", args);
