import { print } from "./print.ts";

/** Called when a call starts. It returns a function that is called when the call ends. */
type OnStart = () => () => void;

/** A watcher for a runner, which counts the calls that are under way. */
export type Gauge = {
  /** The most calls that were under way at once. */
  peak: number;
  /** "(" for each start of a call and ")" for each end, in the order in which they happened. */
  trail: string;
  readonly onStart: OnStart;
};

/** Makes a gauge that has seen nothing yet. */
export function makeGauge(): Gauge {
  let running = 0;
  const gauge: Gauge = {
    peak: 0,
    trail: "",
    onStart: () => {
      running++;
      gauge.peak = Math.max(gauge.peak, running);
      gauge.trail += "(";
      return () => {
        running--;
        gauge.trail += ")";
      };
    },
  };
  return gauge;
}

/** Asks a question with a runner that calls a watcher, and returns the answer. */
type Ask = (question: string, onStart: OnStart) => Promise<string>;
type Agent = (question: string) => Promise<string>;

/** Makes an agent that asks with each of the runners, and prints their peaks and trails. */
export function showPeaks(runners: Readonly<Record<string, Ask>>): Agent {
  return async (question) => {
    let answer = "";
    for (const [name, ask] of Object.entries(runners)) {
      if (answer) console.log();
      const gauge = makeGauge();
      answer = await ask(question, gauge.onStart);
      print(`\nPeak of the ${name} runner: ${gauge.peak} ${gauge.trail}`);
    }
    return answer;
  };
}

/** Makes an agent that asks, and prints the trail of the calls. */
export function showTrail(ask: Ask): Agent {
  return async (question) => {
    const gauge = makeGauge();
    const answer = await ask(question, gauge.onStart);
    print(`\nThe calls: ${gauge.trail}`);
    return answer;
  };
}
