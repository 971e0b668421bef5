// node:events
export function setMaxListeners(): void {
  // A browser does not warn of many listeners.
}
