import { Unmet } from "./unmet.ts";

/** How long a call waits for the others. Even on a busy machine, a thread starts in less. */
const PATIENCE_MS = 5_000;

/**
 * Makes a place where calls meet: each waits there until all have come. If they do not run at the same
 * time, the first waits in vain, and nobody waits after it.
 *
 * @param size how many calls meet
 * @param what the calls, as in "the three forecasts"
 */
export function makeMeeting(size: number, what: string) {
  const waiting = new Set<() => void>();
  let most = 0;
  let isOver = false;
  return {
    /** Comes, and goes on when all are there. */
    async come(): Promise<void> {
      await new Promise<void>((resolve) => {
        const late = setTimeout(() => leaveAll(), PATIENCE_MS);
        const leave = () => {
          clearTimeout(late);
          resolve();
        };
        waiting.add(leave);
        most = Math.max(most, waiting.size);
        const leaveAll = () => {
          isOver = true;
          for (const one of waiting) one();
          waiting.clear();
        };
        if (isOver || most >= size) leaveAll();
      });
    },
    /** @throws Unmet if they were never all there at once */
    expectAll(): void {
      if (most >= size) return;
      throw new Unmet(`expected ${what} to run at the same time; at most ${most} did`);
    },
  };
}

/** Makes a gate where calls wait until it is open. Nobody waits for ever. */
export function makeGate() {
  let isOpen = false;
  const waiting = new Set<() => void>();
  return {
    /** Waits for the gate. Returns false if it did not open in time. */
    async wait(): Promise<boolean> {
      if (isOpen) return true;
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, PATIENCE_MS);
        waiting.add(() => {
          clearTimeout(late);
          resolve();
        });
      });
      return isOpen;
    },
    open(): void {
      isOpen = true;
      for (const leave of waiting) leave();
      waiting.clear();
    },
  };
}

/** Counts the calls that run. */
export function makeCounter() {
  let running = 0;
  const counter = {
    /** The most calls that ran at once. */
    most: 0,
    /** Counts as one call until the function has ended. */
    async count<Value>(run: () => Value): Promise<Awaited<Value>> {
      running++;
      counter.most = Math.max(counter.most, running);
      try {
        return await run();
      } finally {
        running--;
      }
    },
  };
  return counter;
}
