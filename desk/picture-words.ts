// Says in words what a Mermaid block shows, for readers who don't see the picture.

/** What is said instead of a picture: a short title, and all of it. */
export type Words = { readonly title: string; readonly description: string };

function plain(text: string): string {
  return text.replaceAll(/\s*<br\s*\/?>\s*/g, " ").trim();
}

function linesOf(source: string): string[] {
  const lines = source.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "").slice(1);
}

const PARTICIPANT = /^(?:participant|actor) (\w+)(?: as (.*))?$/;
const MESSAGE = /^(\w+)\s*-[-]?[>x)]+[+-]?\s*(\w+): ?(.*)$/;
const NOTE = /^Note (?:over|left of|right of) ([\w,]+): ?(.*)$/;
const GROUP = /^(par|and|loop|alt|else|opt|critical|option|break)\b ?(.*)$/;
const GROUPS = new Map([
  ["par", "At the same time"],
  ["and", "And"],
]);

/** One line of a sequence diagram in words. */
function say(line: string, nameOf: (id: string) => string): string {
  const [, from, to, message] = MESSAGE.exec(line) ?? [];
  if (from && to) return `${nameOf(from)} to ${nameOf(to)}: ${plain(message ?? "")}.`;
  const [, over, note] = NOTE.exec(line) ?? [];
  if (over) return `Note at ${over.split(",").map(nameOf).join(" and ")}: ${plain(note ?? "")}.`;
  const [, kind, text] = GROUP.exec(line) ?? [];
  if (kind) return `${[GROUPS.get(kind) ?? kind, text].filter(Boolean).join(", ")}:`;
  return line === "end" ? "End of this part." : "";
}

function sequence(source: string): Words {
  const lines = linesOf(source);
  const named = lines.flatMap((line) => {
    const [, id, name] = PARTICIPANT.exec(line) ?? [];
    return id ? [[id, plain(name ?? id)] as const] : [];
  });
  const names = new Map(named);
  const said = lines.map((line) => say(line, (id) => names.get(id) ?? id)).filter(Boolean);
  return {
    title: `Messages between ${[...names.values()].join(", ")}`,
    description: said.join(" "),
  };
}

const ARROW = /\s*(?:--\s+"?(.*?)"?\s+-->|-->(?:\|"?(.*?)"?\|)?)\s*/;
const NODE = /^(\w+)(?:[[{(]+"?(.*?)"?[\]})]+)?$/;

/** Remembers the label of a node where it has one, and returns its id. */
function learn(text: string, labels: Map<string, string>): string {
  const [, id = text, label] = NODE.exec(text.trim()) ?? [];
  if (label) labels.set(id, plain(label));
  return id;
}

type Edge = { readonly from: string; readonly to: string; readonly label: string };

/** The edges of a line such as `A[ask] --> B & C -- no --> D`, or `A --> B: no` in a diagram of states. */
function edgesOf(line: string, labels: Map<string, string>): Edge[] {
  const [, body = line, own = ""] = /^(\S+ --> \S+): (.*)$/.exec(line) ?? [];
  const parts = body.split(ARROW);
  const nodes = parts.filter((_, index) => index % 3 === 0);
  const groups = nodes.map((text) => text.split(" & ").map((one) => learn(one, labels)));
  return groups.slice(1).flatMap((targets, index) => {
    const label = parts[index * 3 + 1] ?? parts[index * 3 + 2] ?? own;
    return (groups[index] ?? []).flatMap((from) => {
      return targets.map((to) => ({ from, to, label: plain(label) }));
    });
  });
}

function graph(source: string, kind: string): Words {
  const labels = new Map<string, string>();
  const edges = linesOf(source).flatMap((line) => edgesOf(line, labels));
  const nameOf = (id: string): string => (id === "[*]" ? "the start" : (labels.get(id) ?? id));
  const said = edges.map(({ from, to, label }) => {
    return `From “${nameOf(from)}” to “${nameOf(to)}”${label && `: ${label}`}.`;
  });
  const names = new Set(edges.flatMap(({ from, to }) => [nameOf(from), nameOf(to)]));
  return { title: `${kind}: ${[...names].join("; ")}`, description: said.join(" ") };
}

/** Says what a Mermaid block shows. */
export function wordsOf(source: string): Words {
  const [kind = ""] = source.trim().split(/\s/);
  if (kind === "sequenceDiagram") return sequence(source);
  if (/^(flowchart|graph)$/.test(kind)) return graph(source, "Flow chart");
  if (/^stateDiagram/.test(kind)) return graph(source, "States");
  return { title: "Diagram", description: linesOf(source).join(" ") };
}
