import { join } from "node:path";
import type { Checker, Symbol as TypeSymbol } from "typescript/unstable/sync";
import type { Node } from "typescript/unstable/ast";
import { ROOT } from "../scripts/chapters.ts";

/** The type of each name in a file, by the offset at which the name begins. */
export type Types = ReadonlyMap<number, string>;

/** Longer types tell a reader nothing. */
const MAX_LENGTH = 240;

/** Types that only repeat the name, that the compiler has cut, or that name a file of this machine. */
const VAGUE = /[:=] any$|: typeof [\w$]+$|: \w+Constructor$|\.{3}(?!\w)|import\("/;

type Compiler = typeof import("typescript/unstable/sync") & {
  readonly isIdentifier: typeof import("typescript/unstable/ast/is")["isIdentifier"];
};

async function loadCompiler(): Promise<Compiler> {
  const sync = await import("typescript/unstable/sync");
  const { isIdentifier } = await import("typescript/unstable/ast/is");
  return { ...sync, isIdentifier };
}

function identifiers(compiler: Compiler, root: Node) {
  const found: (Node & { readonly text: string })[] = [];
  const visit = (node: Node): undefined => {
    if (compiler.isIdentifier(node)) found.push(node);
    node.forEachChild(visit);
  };
  visit(root);
  return found;
}

/** What the name of a type stands for: "type Parsed = …". */
function declared(compiler: Compiler, checker: Checker, symbol: TypeSymbol): string {
  const { SymbolFlags, NodeBuilderFlags } = compiler;
  const isAlias = (symbol.flags & SymbolFlags.Alias) !== 0;
  const meant = isAlias ? checker.getAliasedSymbol(symbol) : symbol;
  if ((meant.flags & SymbolFlags.TypeAlias) === 0) return "";
  const type = checker.getDeclaredTypeOfSymbol(meant);
  const flags = NodeBuilderFlags.InTypeAlias | NodeBuilderFlags.NoTruncation;
  return `type ${symbol.name} = ${checker.typeToString(type, undefined, flags)}`;
}

function typesOf(compiler: Compiler, checker: Checker, root: Node): Types {
  const names = identifiers(compiler, root);
  const symbols = checker.getSymbolAtLocation(names);
  const types = checker.getTypeAtLocation(names);
  const told = new Map<number, string>();
  for (const [index, { text, end }] of names.entries()) {
    const [symbol, type] = [symbols[index], types[index]];
    const shown = type ? checker.typeToString(type) : "any";
    const isName = shown === "any" || shown === text;
    const line = isName && symbol ? declared(compiler, checker, symbol) : `${text}: ${shown}`;
    if (line && !VAGUE.test(line) && line.length <= MAX_LENGTH) told.set(end - text.length, line);
  }
  return told;
}

function askCompiler(compiler: Compiler, files: readonly string[]): Map<string, Types> {
  const api = new compiler.API({ cwd: ROOT });
  try {
    const snapshot = api.updateSnapshot({ openProjects: [join(ROOT, "tsconfig.json")] });
    const [project] = snapshot.getProjects();
    if (!project) throw new Error("the compiler opened no project");
    const typed = new Map<string, Types>();
    for (const file of files) {
      const source = project.program.getSourceFile(join(ROOT, file));
      if (source) typed.set(file, typesOf(compiler, project.checker, source));
    }
    return typed;
  } finally {
    api.close();
  }
}

/**
 * Asks the compiler for the types of all names. Its interface is still called unstable, so the book
 * is built without types where the interface is missing or fails.
 *
 * @param files paths from the root
 * @param load gives the compiler
 */
export async function hoverTypes(
  files: readonly string[],
  load = loadCompiler,
): Promise<Map<string, Types>> {
  try {
    return askCompiler(await load(), files);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    console.log(`no types on hover: ${why.split("\n")[0]}`);
    return new Map();
  }
}
