// Reads the markup of a drawing, and writes it again. What Mermaid draws has one root, quoted attributes,
// and neither comments nor CDATA.
import { escapeHtml, type Html } from "./html.ts";

/** An element of a drawing. A child that is a string is text. */
export type Shape = {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly (Shape | string)[];
};

type Open = { name: string; attributes: Map<string, string>; children: (Shape | string)[] };

const TOKEN = /<(\/?)([\w:-]+)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*(\/?)>|([^<]+)/g;
const ATTRIBUTE = /([\w:-]+)="([^"]*)"/g;

const ENTITIES = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["nbsp", "\u00a0"],
]);

function decode(text: string): string {
  return text.replaceAll(/&(?:#(\d+)|(\w+));/g, (all, code, name) => {
    return code ? String.fromCodePoint(Number(code)) : (ENTITIES.get(name) ?? all);
  });
}

function attributesOf(text: string): Map<string, string> {
  return new Map(
    [...text.matchAll(ATTRIBUTE)].map(([, name = "", value = ""]) => [name, decode(value)]),
  );
}

/**
 * Reads markup with one root.
 *
 * @throws an error if an element is not closed, or if there is no root
 */
export function parseSvg(markup: string): Shape {
  const top: Open = { name: "", attributes: new Map(), children: [] };
  const open = [top];
  for (const [, end, name = "", attributes = "", alone, text] of markup.matchAll(TOKEN)) {
    const inner = open.at(-1) ?? top;
    if (text !== undefined) inner.children.push(decode(text));
    else if (end) {
      if (open.pop()?.name !== name)
        throw new Error(`the markup closes <${name}>, which is not open`);
    } else {
      const shape: Open = { name, attributes: attributesOf(attributes), children: [] };
      inner.children.push(shape);
      if (!alone) open.push(shape);
    }
  }
  const root = top.children.find((child) => typeof child !== "string");
  if (open.length > 1 || !root) throw new Error("the markup has no whole root element");
  return root;
}

/** Writes an element as markup that a page and a file can hold. */
export function printSvg({ name, attributes, children }: Shape): Html {
  const said = [...attributes].map(([key, value]) => ` ${key}="${escapeHtml(value)}"`).join("");
  if (children.length === 0) return `<${name}${said}/>`;
  const inner = children.map((child) => {
    return typeof child === "string" ? escapeHtml(child) : printSvg(child);
  });
  return `<${name}${said}>${inner.join("")}</${name}>`;
}

/** The text of an element and of all that is in it. */
export function textOf(shape: Shape): string {
  return shape.children
    .map((child) => (typeof child === "string" ? child : textOf(child)))
    .join("");
}

/** An element and all elements in it, in their order. */
export function allIn(shape: Shape): Shape[] {
  const inner = shape.children.flatMap((child) => (typeof child === "string" ? [] : allIn(child)));
  return [shape, ...inner];
}
