import { type Check, expectThat } from "../support/check.ts";
import { asking, call, weather } from "../support/replies.ts";

const BYTES = 1_000;
const LINES = 20;

/** Lines of a log that become longer. */
function longer(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${index + 1} ${"x".repeat(index)}`);
}

const TEXTS = new Map([
  ["short lines", Array.from({ length: 60 }, (_, index) => `line ${index + 1}`)],
  ["longer lines", longer(60)],
  ["few lines", longer(5)],
]);

const NOTICE =
  /\n\[lines? ([\d,]+)(?: to ([\d,]+))? of ([\d,]+), ([\d,]+) of ([\d,]+) bytes; [^\n]*\]$/;

/** Which lines an output says it shows, and the text above that. */
function readShown(text: string) {
  const [notice = "", first, last = first, ...more] = NOTICE.exec(text) ?? [];
  const [from = 0, to = 0, ...sizes] = [first, last, ...more].map((part) => {
    return Number(part?.replaceAll(",", ""));
  });
  return {
    isCut: notice !== "",
    from,
    to,
    sizes,
    shown: text.slice(0, text.length - notice.length),
  };
}

/** As many of the last lines as fit. */
function lastLines(lines: readonly string[]): readonly string[] {
  let count = LINES;
  while (Buffer.byteLength(lines.slice(-count).join("\n")) > BYTES) count--;
  return lines.slice(-count);
}

function expectEnd(what: string, text: string): number {
  const lines = TEXTS.get(what) ?? [];
  const { isCut, from, to, sizes, shown } = readShown(text);
  const all = lines.length;
  expectThat(
    isCut,
    `expected a line about what is left out at the end of ${what}, got ${text.slice(-60)}`,
  );
  expectThat(
    to === all,
    `get_weather shows the end: expected its lines up to ${all} of ${all}, and it showed lines ${from} to ${to}`,
  );
  const size = Buffer.byteLength(shown);
  expectThat(
    size <= BYTES && shown.split("\n").length <= LINES,
    `of ${what}, ${size} bytes in ${shown.split("\n").length} lines were shown; the budget is ${BYTES} bytes and ${LINES} lines`,
  );
  expectThat(
    shown === lines.slice(from - 1).join("\n"),
    `the output says that it shows lines ${from} to ${to}, and it begins with ${JSON.stringify(shown.split("\n")[0])}`,
  );
  const fitting = lastLines(lines).length;
  expectThat(
    all - from + 1 === fitting,
    `of ${what}, the last ${fitting} fit into the budget, and ${all - from + 1} were shown`,
  );
  const whole = Buffer.byteLength(lines.join("\n"));
  expectThat(
    sizes.join() === [all, size, whole].join(),
    `expected "… of ${all}, ${size} of ${whole} bytes" about ${what}, got "${text.slice(text.lastIndexOf("\n") + 1)}"`,
  );
  return fitting;
}

/** get_weather shows the last lines that fit, get_daily_weather the first ones, and read_output counts as before. */
export const check: Check = async ({ ask }) => {
  const { feedback } = await ask({
    replies: [
      asking(
        ...[...TEXTS.keys()].map((what) => weather(what)),
        call("daily", "get_daily_weather", { location: "LA" }),
      ),
      asking(call("read", "read_output", { call_id: "longer lines", from_line: 2, to_line: 3 })),
    ],
    tools: { get_weather: ({ location = "" }) => TEXTS.get(location)?.join("\n") },
    env: { MAX_OUTPUT_BYTES: String(BYTES), MAX_OUTPUT_LINES: String(LINES) },
  });
  const [seen = [], read = []] = feedback.map(({ results }) => results);
  const [short = "", long = "", few = "", daily = ""] = seen.map(({ result }) => String(result));
  const counts = [expectEnd("short lines", short), expectEnd("longer lines", long)];
  const whole = TEXTS.get("few lines")?.join("\n");
  expectThat(few === whole, `an output that fits was to be shown whole; it came as ${few}`);
  const { from, to } = readShown(daily);
  expectThat(
    from === 1 && daily.startsWith("2025-01-01"),
    `get_daily_weather does not say what it shows, so expected its first lines; it showed lines ${from} to ${to}`,
  );
  const middle = TEXTS.get("longer lines")?.slice(1, 3).join("\n");
  const came = String(read[0]?.result);
  expectThat(
    came === middle,
    `expected read_output to give lines 2 and 3 of the output, ${JSON.stringify(middle)}, got ${JSON.stringify(came)}`,
  );
  return `get_weather showed the last ${counts.join(" and the last ")} lines, get_daily_weather the first ${to}, and read_output gave line 2 as line 2`;
};
