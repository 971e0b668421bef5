import { createHighlighterCore, type GrammarState, type ThemeRegistration } from "@shikijs/core";
import { createOnigurumaEngine } from "@shikijs/engine-oniguruma";
import json from "@shikijs/langs/json";
import shellscript from "@shikijs/langs/shellscript";
import typescript from "@shikijs/langs/typescript";
import yaml from "@shikijs/langs/yaml";
import { escapeHtml, type Html } from "./html.ts";
import type { Types } from "./types.ts";

/** The grammar of each language that is highlighted, by the names that fences give it. */
export const inlineLanguages: ReadonlyMap<string, string> = new Map([
  ["typescript", "typescript"],
  ["ts", "typescript"],
  ["json", "json"],
  ["shellscript", "shellscript"],
  ["sh", "shellscript"],
  ["yaml", "yaml"],
]);

/** What each kind of token is made of. A later line wins where two fit a token equally well. */
const SCOPES = {
  comment: ["comment", "punctuation.definition.comment"],
  string: ["string", "punctuation.definition.string"],
  number: ["constant.numeric", "constant.language"],
  keyword: ["keyword.control", "keyword.operator.new", "keyword.operator.expression"],
  declaration: ["storage.type", "storage.modifier", "variable.language"],
  function: ["entity.name.function", "support.function", "entity.name.command"],
  type: ["entity.name.type", "support.type", "support.class", "entity.name.tag.yaml"],
  plain: [
    "meta.template.expression",
    "punctuation.definition.template-expression",
    "string.unquoted",
  ],
  arrow: ["storage.type.function.arrow"],
} as const;

/** Kinds that look like another kind. Plain text has no class. */
const LOOKS: Readonly<Record<string, string>> = { declaration: "keyword", plain: "", arrow: "" };

const theme: ThemeRegistration = {
  name: "desk",
  fg: "var(--token-plain)",
  bg: "var(--paper)",
  settings: Object.entries(SCOPES).map(([kind, scope]) => ({
    scope: [...scope],
    settings: { foreground: `var(--token-${kind})` },
  })),
};

const highlighter = await createHighlighterCore({
  themes: [theme],
  langs: [typescript, json, shellscript, yaml],
  engine: await createOnigurumaEngine(import("@shikijs/engine-oniguruma/wasm-inlined")),
});

/** A stretch of a line with one look: the name of its class is `tk-` and this name, or none. */
type Token = { readonly text: string; readonly name: string };

/** Joins neighbours that look the same, with the spaces between them. */
function join(tokens: readonly Token[]): Token[] {
  const joined: Token[] = [];
  for (const [index, { text, name }] of tokens.entries()) {
    const last = joined.at(-1);
    const isSpace = text.trim() === "";
    const look = isSpace && tokens[index + 1]?.name === last?.name ? last?.name : name;
    if (last && look === last.name) {
      joined[joined.length - 1] = { text: last.text + text, name: last.name };
    } else joined.push({ text, name: isSpace ? "" : name });
  }
  return joined;
}

function lookOf(color = ""): string {
  const kind = /^var\(--token-(\w+)\)$/.exec(color)?.[1] ?? "";
  return LOOKS[kind] ?? kind;
}

/** What the grammar knows between two lines: whether it is in a comment, in a text, … Nothing before the first. */
type State = GrammarState | undefined;

/** A line that was read, with the states before and after it. */
type ReadLine = {
  readonly before: State;
  readonly tokens: readonly Token[];
  readonly after: State;
};

/** Chapters share most of their lines, and a line means the same wherever the state before it is the same. */
const read = new Map<string, ReadLine[]>();

function isSame(one: State, other: State): boolean {
  const [stack, another] = [one?.getInternalStack(), other?.getInternalStack()];
  return stack && another ? stack.equals(another) : stack === another;
}

function readLine(text: string, lang: string, before: State): ReadLine {
  const known = read.get(lang + text) ?? [];
  const found = known.find((line) => isSame(line.before, before));
  if (found) return found;
  // With a limit, a busy machine would leave lines plain.
  const options = { lang, theme: "desk", tokenizeTimeLimit: 0 };
  const state = before && { grammarState: before };
  const lines = highlighter.codeToTokensBase(text, { ...options, ...state });
  const tokens = lines.flat().map(({ content, color }) => ({ text: content, name: lookOf(color) }));
  const line = { before, tokens: join(tokens), after: highlighter.getLastGrammarState(lines) };
  read.set(lang + text, [...known, line]);
  return line;
}

/** The lines of a code as tokens. A language without a grammar gives plain lines. */
function tokenLines(code: string, language: string): (readonly Token[])[] {
  const lines = code.split("\n");
  const lang = inlineLanguages.get(language);
  if (!lang) return lines.map((text) => [{ text, name: "" }]);
  let state: State;
  return lines.map((text) => {
    const { tokens, after } = readLine(text, lang, state);
    state = after;
    return tokens;
  });
}

function span(text: string, name: string, type?: string): Html {
  const look = name && ` class="tk-${name}"`;
  const told = type ? ` data-type="${escapeHtml(type)}"` : "";
  if (text === "" || look + told === "") return escapeHtml(text);
  return `<span${look}${told}>${escapeHtml(text)}</span>`;
}

/** A token as markup. Each name in it that has a type is an element of its own. */
function tokenToHtml({ text, name }: Token, offset: number, types: Types): Html {
  let [html, done] = ["", 0];
  for (const { 0: word, index } of text.matchAll(/[\w$]+/g)) {
    const type = types.get(offset + index);
    if (!type) continue;
    html += span(text.slice(done, index), name) + span(word, name, type);
    done = index + word.length;
  }
  return html + span(text.slice(done), name);
}

function toHtml(lines: readonly (readonly Token[])[], types: Types = new Map()): Html[] {
  let offset = 0;
  return lines.map((line) => {
    const html = line.map((token) => {
      const part = tokenToHtml(token, offset, types);
      offset += token.text.length;
      return part;
    });
    offset++;
    return html.join("");
  });
}

/** Lines of a diff that name its files, or the place of what follows. */
const DIFF_HEAD = /^(?:--- a\/|\+\+\+ b\/|@@)/;

/** The lines of a diff: each has its sign, and the rest of it is TypeScript. */
function diffLines(code: string): Html[] {
  const lines = code.split("\n");
  const without = (sign: string): Html[] => {
    const isOther = (line: string): boolean => line.startsWith(sign) || DIFF_HEAD.test(line);
    const text = lines.map((line) => (isOther(line) ? "" : line.slice(1))).join("\n");
    return toHtml(tokenLines(text, "typescript"));
  };
  const [before, after] = [without("+"), without("-")];
  return lines.map((line, index) => {
    if (DIFF_HEAD.test(line)) return escapeHtml(line);
    const rest = (line.startsWith("-") ? before : after)[index] ?? "";
    const html = escapeHtml(line.slice(0, 1)) + rest;
    if (line.startsWith("-")) return `<del>${html}</del>`;
    return line.startsWith("+") ? `<ins>${html}</ins>` : html;
  });
}

/**
 * The lines of a code as markup with classes. Their text together is the code.
 *
 * @param types the type of each name, by the offset at which it begins
 */
export function highlightLines(code: string, language: string, types?: Types): Html[] {
  return language === "diff" ? diffLines(code) : toHtml(tokenLines(code, language), types);
}

/** Places in a line, from the first up to the second, which is not part of it. */
export type Range = readonly [start: number, end: number];

/** Marks places of a line in its markup. */
export function markPlaces(html: Html, ranges: readonly Range[]): Html {
  if (ranges.length === 0) return html;
  let [at, marked] = [0, ""];
  for (const [piece] of html.matchAll(/<[^>]*>|&#\d+;|[^<&]/g)) {
    const isTag = piece.startsWith("<");
    const isIn = !isTag && ranges.some(([start, end]) => at >= start && at < end);
    marked += isIn ? `<mark>${piece}</mark>` : piece;
    if (!isTag) at++;
  }
  return marked.replaceAll("</mark><mark>", "");
}
