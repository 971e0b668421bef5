// node:os
export function tmpdir(): string {
  return "/tmp";
}

export const constants = { signals: { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } };
