/** The address of the offline model. Only `fetchOffline` understands it. */
export const OFFLINE_URL = "http://offline";

/** Printed with the name of the offline model. */
export const OFFLINE_HINT = "set OPENAI_API_KEY to ask a real one";

let started: Promise<string> | undefined;

/** Starts the offline model if it is not running. Only the first request waits for it. */
export function startOfflineModel(): void {
  started ??= import("./server.ts").then(({ serveOfflineModel }) => serveOfflineModel(0, false));
}

/** Works like `fetch`, but sends requests to OFFLINE_URL to the port of the offline model. */
export const fetchOffline: typeof fetch = async (url, init) => {
  startOfflineModel();
  const origin = String(await started).replace(/\/v1$/, "");
  return fetch(String(url).replace(OFFLINE_URL, origin), init);
};
