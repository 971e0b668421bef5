/** True if there is a process with this id, whoever's it is. */
export function isAlive(pid: number): boolean {
  try {
    // Signal 0 asks whether there is such a process, and sends nothing.
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's process may not be asked, but it is there.
    return Object(error).code !== "ESRCH";
  }
}
