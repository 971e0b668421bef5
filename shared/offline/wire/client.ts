/** The address of the offline model. It means something to `fetchOffline` only. */
export const OFFLINE_URL = "http://offline";

let started: Promise<string> | undefined;

/** Starts the offline model if it is not running. The first request waits for it, nothing else. */
export function startOfflineModel(): void {
  started ??= import("./server.ts").then(({ serveOfflineModel }) => serveOfflineModel(0, false));
}

/** Fetches like `fetch`, but sends what is meant for OFFLINE_URL to the offline model's own port. */
export const fetchOffline: typeof fetch = async (url, init) => {
  startOfflineModel();
  const origin = String(await started).replace(/\/v1$/, "");
  return fetch(String(url).replace(OFFLINE_URL, origin), init);
};
