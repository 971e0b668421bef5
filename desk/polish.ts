// Makes a small picture of what Mermaid draws: geometry and paint in attributes, and no style, since a style
// inside a page would reach the whole page. Colours become the variables of css/base.css.
import type { Words } from "./picture-words.ts";
import { allIn, type Shape, textOf } from "./svg.ts";

/**
 * The variables that a picture may use. Mermaid computes with colours, so while it draws, each variable
 * is stood for by a colour that nothing else has.
 */
const VARIABLES = [
  "--paper",
  "--panel",
  "--line",
  "--ink",
  "--soft",
  "--accent",
  "--accent-soft",
] as const;

/** The colour that stands for a variable while Mermaid draws. */
export function standIn(variable: (typeof VARIABLES)[number]): string {
  return `rgb(1, 2, ${1 + VARIABLES.indexOf(variable)})`;
}

/** What the browser tells of each element, besides what Mermaid writes. */
export const PAINT = [
  "display",
  "visibility",
  "fill",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "font-size",
  "font-weight",
  "text-anchor",
  "dominant-baseline",
] as const;

const GEOMETRY = new Set([
  ...["x", "y", "x1", "y1", "x2", "y2", "dx", "dy", "cx", "cy", "r", "rx", "ry"],
  ...["width", "height", "d", "points", "transform", "viewBox"],
  ...["refX", "refY", "markerWidth", "markerHeight", "markerUnits", "orient"],
  ...["marker-start", "marker-end"],
]);

/** What each property is if nothing is said. The root says what is usual in a picture. */
const USUAL = new Map([
  ["stroke", "none"],
  ["stroke-width", "1"],
  ["font-size", "14"],
  ["font-weight", "400"],
  ["text-anchor", "middle"],
  ["dominant-baseline", "auto"],
]);

const SHAPES = new Set(["path", "rect", "circle", "ellipse", "line", "polygon", "polyline"]);
const OF_SHAPES = ["fill", "stroke", "stroke-width", "stroke-dasharray"];
const OF_TEXT = ["fill", "font-size", "font-weight", "text-anchor", "dominant-baseline"];

/** One digit after the point is a tenth of a pixel. */
function round(text: string): string {
  return text.replaceAll(/-?\d*\.\d+(?:e-?\d+)?/g, (number) => {
    return String(Number(Number(number).toFixed(1)) || 0);
  });
}

/**
 * The variable that a colour stands for.
 *
 * @throws an error for a colour of Mermaid's own, which would be wrong in dark mode
 */
function colour(value: string): string {
  if (value === "none" || /^rgba\(.*, 0\)$/.test(value)) return "none";
  const variable = VARIABLES.find((one) => standIn(one) === value);
  if (!variable) throw new Error(`Mermaid draws with a colour of its own, ${value}`);
  return `var(${variable})`;
}

type Attributes = ReadonlyMap<string, string>;

function geometryOf(attributes: Attributes): [string, string][] {
  const known = [...attributes].filter(([name]) => GEOMETRY.has(name));
  return known.map(([name, value]) => [name, name.startsWith("marker-") ? value : round(value)]);
}

/** Mermaid says in several ways that a line has no gaps. */
function isSolid(value: string): boolean {
  return value === "none" || /^(\d+, )?0$/.test(value);
}

function paintOf(attributes: Attributes, names: readonly string[]): [string, string][] {
  const all = names.map((name): [string, string] => {
    const said = attributes.get(name) ?? "";
    return [name, /^(fill|stroke)$/.test(name) ? colour(said) : round(said.replaceAll("px", ""))];
  });
  return all.filter(([name, value]) => {
    if (name === "stroke-dasharray") return !isSolid(value);
    return value !== USUAL.get(name);
  });
}

function isHidden({ attributes }: Shape): boolean {
  return attributes.get("display") === "none" || attributes.get("visibility") === "hidden";
}

/** What is written over the lines of a sequence diagram interrupts them. */
function haloOf(attributes: Attributes): [string, string][] {
  if (!/\b(message|loop)Text\b/.test(attributes.get("class") ?? "")) return [];
  return [
    ["stroke", "var(--paper)"],
    ["stroke-width", "5"],
    ["stroke-linejoin", "round"],
    ["paint-order", "stroke"],
  ];
}

/** A text keeps its lines. A line is one piece, whatever pieces Mermaid made it of. */
function polishText(shape: Shape): Shape[] {
  if (textOf(shape).trim() === "") return [];
  const children = shape.children.map((child): Shape | string => {
    if (typeof child === "string") return child;
    const attributes = new Map(geometryOf(child.attributes));
    return { name: "tspan", attributes, children: [textOf(child).trim()] };
  });
  // Some of Mermaid's rules paint the lines and not the text.
  const painted = shape.children.find((child) => typeof child !== "string") ?? shape;
  const paint = [...paintOf(painted.attributes, OF_TEXT), ...haloOf(shape.attributes)];
  return [
    { name: "text", attributes: new Map([...geometryOf(shape.attributes), ...paint]), children },
  ];
}

/** What has neither fill nor stroke, or no size, holds a place for Mermaid and cannot be seen. */
function polishShape({ name, attributes }: Shape): Shape[] {
  const paint = paintOf(attributes, OF_SHAPES);
  const all = new Map([...geometryOf(attributes), ...paint]);
  const isEmpty = all.get("width") === "0" || (name === "rect" && !all.has("width"));
  if (isEmpty || (all.get("fill") === "none" && !all.has("stroke"))) return [];
  return [{ name, attributes: all, children: [] }];
}

/** Mermaid begins the name of a state where it measured its left end. In a narrower font that is not the middle. */
function centred(transform: string, polished: readonly Shape[]): Shape[] {
  const [, y = ""] = /^translate\(-[\d.]+, (\S+)\)$/.exec(transform) ?? [];
  const [text] = polished;
  if (y === "" || polished.length > 1 || !text) return [];
  const { name, attributes, children } = text;
  if (attributes.get("text-anchor") !== "start") return [];
  const kept = [...attributes].filter(([key]) => key !== "text-anchor");
  const moved = new Map([...kept, ["transform", `translate(0, ${round(y)})`] as const]);
  return [{ name, attributes: moved, children }];
}

function polishGroup({ attributes }: Shape, polished: readonly Shape[]): Shape[] {
  const transform = attributes.get("transform") ?? "";
  if (polished.length === 0) return [];
  if (transform === "" || /^translate\(0(, ?0)?\)$/.test(transform)) return [...polished];
  const centre = centred(transform, polished);
  if (centre.length > 0) return centre;
  const moved = new Map([["transform", round(transform)]]);
  return [{ name: "g", attributes: moved, children: polished }];
}

/** Names of markers by what Mermaid calls them. */
type Markers = ReadonlyMap<string, string>;

function polishMarker(shape: Shape, markers: Markers): Shape[] {
  const id = markers.get(shape.attributes.get("id") ?? "");
  if (!id) return [];
  const attributes = new Map([["id", id], ...geometryOf(shape.attributes)]);
  return [{ name: "marker", attributes, children: polishInner(shape, markers) }];
}

function polishInner({ children }: Shape, markers: Markers): Shape[] {
  return children.flatMap((child) => (typeof child === "string" ? [] : polish(child, markers)));
}

function polish(shape: Shape, markers: Markers): Shape[] {
  const { name } = shape;
  if (name === "marker") return polishMarker(shape, markers);
  if (isHidden(shape)) return [];
  if (name === "text") return polishText(shape);
  if (SHAPES.has(name)) return polishShape(withMarkers(shape, markers));
  if (!["svg", "g", "defs"].includes(name)) return [];
  return polishGroup(shape, polishInner(shape, markers));
}

const REFERENCE = /^url\("?#(.*?)"?\)$/;

function withMarkers(shape: Shape, markers: Markers): Shape {
  const attributes = [...shape.attributes].map(([name, value]): [string, string] => {
    const [, id = ""] = REFERENCE.exec(value) ?? [];
    return [name, id ? `url(#${markers.get(id)})` : value];
  });
  return { ...shape, attributes: new Map(attributes) };
}

/** The markers that are used, and an id for each that no other picture has. */
function markersOf(root: Shape, name: string): Map<string, string> {
  const used = allIn(root).flatMap(({ attributes }) => {
    return ["marker-start", "marker-end"].flatMap((end) => {
      const [, id] = REFERENCE.exec(attributes.get(end) ?? "") ?? [];
      return id ? [id] : [];
    });
  });
  return new Map([...new Set(used)].map((id, index) => [id, `picture-${name}-${index + 1}`]));
}

/** The size in pixels is that of the drawing, so a text is as large as its font size says. */
function sizeOf(attributes: Attributes): [string, string][] {
  const box = attributes.get("viewBox") ?? "";
  const [, , width = 0, height = 0] = box.split(/[ ,]+/).map(Number);
  return [
    ["viewBox", round(box)],
    ["width", String(Math.ceil(width))],
    ["height", String(Math.ceil(height))],
  ];
}

/**
 * Makes the picture of a diagram.
 *
 * @param drawn what Mermaid has drawn, with the properties of PAINT as attributes
 * @param name stands in the ids of the picture
 * @throws an error if a colour is not one of the variables
 */
export function polishPicture(drawn: Shape, name: string, words: Words): Shape {
  const children = polish(drawn, markersOf(drawn, name));
  const attributes = new Map([
    ["xmlns", "http://www.w3.org/2000/svg"],
    ...sizeOf(drawn.attributes),
    ["role", "img"],
    ["font-family", "var(--sans)"],
    ["font-size", "14"],
    ["text-anchor", "middle"],
  ]);
  const none = new Map<string, string>();
  const title = { name: "title", attributes: none, children: [words.title] };
  const desc = { name: "desc", attributes: none, children: [words.description] };
  return { name: "svg", attributes, children: [title, desc, ...children] };
}
