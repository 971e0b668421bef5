// Prints the types of the names in some files of the book, as JSON: npx tsx desk/read-types.ts FILE …
import { join } from "node:path";
import {
  API,
  type Checker,
  NodeBuilderFlags,
  SymbolFlags,
  type Symbol as TypeSymbol,
  type Type,
} from "typescript/unstable/sync";
import type { Node } from "typescript/unstable/ast";
import { isIdentifier } from "typescript/unstable/ast/is";
import { ROOT } from "../scripts/chapters.ts";
import type { TypeList } from "./types.ts";

/** The chapters and what they import. The whole book would take the compiler a second longer. */
const PROJECT = join(import.meta.dirname, "tsconfig.types.json");

/** Longer types tell a reader nothing. */
const MAX_LENGTH = 240;

/** Types that only repeat the name, that the compiler has cut, or that name a file of this machine. */
const VAGUE = /[:=] any$|: typeof [\w$]+$|: \w+Constructor$|\.{3}(?!\w)|import\("/;

function identifiers(root: Node) {
  const found: (Node & { readonly text: string })[] = [];
  const visit = (node: Node): undefined => {
    if (isIdentifier(node)) found.push(node);
    node.forEachChild(visit);
  };
  visit(root);
  return found;
}

/** What the name of a type stands for: "type Parsed = …". */
function declared(checker: Checker, symbol: TypeSymbol): string {
  const isAlias = (symbol.flags & SymbolFlags.Alias) !== 0;
  const meant = isAlias ? checker.getAliasedSymbol(symbol) : symbol;
  if ((meant.flags & SymbolFlags.TypeAlias) === 0) return "";
  const type = checker.getDeclaredTypeOfSymbol(meant);
  const flags = NodeBuilderFlags.InTypeAlias | NodeBuilderFlags.NoTruncation;
  return `type ${symbol.name} = ${checker.typeToString(type, undefined, flags)}`;
}

/** Remembers answers. Many names have one type, and each question to the compiler takes its time. */
function askOnce<Key>(ask: (key: Key) => string): (key: Key) => string {
  const known = new Map<Key, string>();
  return (key) => {
    const answer = known.get(key) ?? ask(key);
    known.set(key, answer);
    return answer;
  };
}

/** Reads the types of a file's names. */
function reader(checker: Checker): (root: Node) => TypeList {
  const written = askOnce((type: Type) => checker.typeToString(type));
  const declaration = askOnce((symbol: TypeSymbol) => declared(checker, symbol));
  return (root) => {
    const names = identifiers(root);
    const symbols = checker.getSymbolAtLocation(names);
    const types = checker.getTypeAtLocation(names);
    return names.flatMap(({ text, end }, index) => {
      const [symbol, type] = [symbols[index], types[index]];
      const shown = type ? written(type) : "any";
      const isName = shown === "any" || shown === text;
      const line = isName && symbol ? declaration(symbol) : `${text}: ${shown}`;
      const isTelling = line !== "" && !VAGUE.test(line) && line.length <= MAX_LENGTH;
      return isTelling ? [[end - text.length, line] as const] : [];
    });
  };
}

function readTypes(files: readonly string[]): Record<string, TypeList> {
  const api = new API({ cwd: ROOT });
  try {
    const snapshot = api.updateSnapshot({ openProjects: [PROJECT] });
    const [project] = snapshot.getProjects();
    if (!project) throw new Error("the compiler opened no project");
    const read = reader(project.checker);
    const lists = files.flatMap((file) => {
      const source = project.program.getSourceFile(join(ROOT, file));
      return source ? [[file, read(source)] as const] : [];
    });
    return Object.fromEntries(lists);
  } finally {
    api.close();
  }
}

console.log(JSON.stringify(readTypes(process.argv.slice(2))));
