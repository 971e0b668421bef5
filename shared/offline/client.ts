/** Where a client finds the offline model, as long as it fetches with `fetchOffline`. */
export const OFFLINE_URL = "http://offline";

let started: Promise<string> | undefined;

/** Starts the offline model unless it is there; nobody has to wait, since the first request does. */
export function startOfflineModel(): void {
  started ??= import("./server.ts").then(({ serveOfflineModel }) => serveOfflineModel(0, false));
}

/** Fetches as ever, but takes requests to OFFLINE_URL to where the offline model listens. */
export const fetchOffline: typeof fetch = async (url, init) => {
  startOfflineModel();
  const origin = String(await started).replace(/\/v1$/, "");
  return fetch(String(url).replace(OFFLINE_URL, origin), init);
};
