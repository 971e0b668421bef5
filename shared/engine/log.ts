// Reads the server's log, in which each line is JSON.

/** The ports of a server: for calls, for its administration, and for other servers of its kind. */
export type Ports = { readonly ingress: number; readonly admin: number; readonly node: number };

const NAMES = new Map([
  ["http-ingress-server", "ingress"],
  ["admin-api-server", "admin"],
  ["message-fabric-server", "node"],
]);

/** What has been read of a log so far. */
export type Log = {
  readonly ports: Partial<Record<string, number>>;
  /** True when the server takes calls. */
  isLeader: boolean;
  /** The last error in the log. */
  error: string;
};

/** Takes a line of the log, returns its parts. A line that is not JSON counts as an error message. */
function readLine(line: string) {
  try {
    return Object(JSON.parse(line));
  } catch {
    return { level: "ERROR", fields: { message: line } };
  }
}

/** Adds a line to what has been read of the log. */
export function noteLine(log: Log, line: string): void {
  if (line.trim() === "") return;
  const { level, target, fields, span } = readLine(line);
  const { message, error } = Object(fields);
  const place = Object(span);
  const name = NAMES.get(place.server_name);
  if (name) log.ports[name] = Number(place["server.port"]);
  if (/became Leader/.test(message)) log.isLeader = true;
  // Without a network, the server cannot check for a later version. That error is harmless.
  if (level === "ERROR" && target !== "octocrab") log.error = String(error ?? message);
}

/** The server's ports, when it takes calls on them. */
export function readPorts({ ports, isLeader }: Log): Ports | undefined {
  const { ingress, admin, node } = ports;
  return isLeader && ingress && admin && node ? { ingress, admin, node } : undefined;
}
