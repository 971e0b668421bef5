/** True if a process with this id exists, also one of another user. */
export function isAlive(pid: number): boolean {
  try {
    // Signal 0 only checks that the process exists.
    return process.kill(pid, 0);
  } catch (error) {
    // Any other error, such as EPERM for another user's process, means that it exists.
    return Object(error).code !== "ESRCH";
  }
}
