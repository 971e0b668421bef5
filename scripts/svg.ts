// The parts that SVG pictures are made of: elements, text and its width, colours.

/** The colours of a picture, by what they are for. */
export type Theme = {
  /** What the picture is drawn on, so that it can be read whatever page it stands on. */
  readonly panel: string;
  /** Text on panel, box and tint. */
  readonly ink: string;
  /** Text on panel that stands back, and bars that do. */
  readonly quiet: string;
  readonly line: string;
  readonly box: string;
  /** Lines, bars and boxes that stand out, and text on panel, box and tint. */
  readonly accent: string;
  readonly tint: string;
  /** Text on accent. */
  readonly inverse: string;
};

/** The colours by the name that a picture's file ends with. */
export const THEMES = {
  light: {
    panel: "#f6f8fa",
    ink: "#1f2328",
    quiet: "#59636e",
    line: "#d1d9e0",
    box: "#ffffff",
    accent: "#0f766e",
    tint: "#d5f2ec",
    inverse: "#ffffff",
  },
  dark: {
    panel: "#151b23",
    ink: "#f0f6fc",
    quiet: "#9198a1",
    line: "#3d444d",
    box: "#212830",
    accent: "#2dd4bf",
    tint: "#143b3a",
    inverse: "#04211f",
  },
} as const satisfies Record<string, Theme>;

/** The pixels between the edge of a picture and what is drawn. */
export const MARGIN = 16;

const SANS =
  "system-ui, -apple-system, 'Segoe UI', Roboto, Ubuntu, 'Noto Sans', 'DejaVu Sans', sans-serif";
const MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/**
 * The room that a letter gets, as a part of the font's size. In DejaVu, one of the widest fonts that systems
 * come with, the longest words of the titles take 0.52, and letters of one width 0.602.
 */
const LETTER = { sans: 0.6, mono: 0.62 };

type Attributes = Readonly<Record<string, string | number>>;

function escapeText(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/**
 * Makes an element.
 *
 * @param attributes numbers are pixels, and are rounded to hundredths
 * @param inside what stands between its tags, as SVG
 */
export function element(name: string, attributes: Attributes, inside = ""): string {
  const pairs = Object.entries(attributes).map(([key, value]) => {
    const short = typeof value === "number" ? String(Math.round(value * 100) / 100) : value;
    return ` ${key}="${escapeText(short)}"`;
  });
  const open = `<${name}${pairs.join("")}`;
  return inside ? `${open}>${inside}</${name}>` : `${open}/>`;
}

/** The looks of a text. Its size is pixels. */
export type Style = {
  readonly size: number;
  readonly fill: string;
  readonly font?: keyof typeof LETTER;
  readonly isBold?: boolean;
  /** Which part of it stands at its x; the start, unless another is given. */
  readonly anchor?: "middle" | "end";
  /** The colour of an edge around its letters, which keeps lines behind it away from them. */
  readonly halo?: string;
};

/**
 * Makes one line of text.
 *
 * @param y the middle of its letters
 */
export function textAt(x: number, y: number, text: string, style: Style): string {
  const { size, fill, font = "sans", isBold = false, anchor, halo } = style;
  const looks = {
    ...(font === "mono" ? { "font-family": MONO } : {}),
    ...(isBold ? { "font-weight": 600 } : {}),
    ...(anchor ? { "text-anchor": anchor } : {}),
    ...(halo ? { stroke: halo, "stroke-width": 4, "paint-order": "stroke" } : {}),
  };
  // Half of a capital letter, since not every viewer knows the attribute that would centre it.
  const base = y + size * 0.36;
  return element("text", { x, y: base, "font-size": size, fill, ...looks }, escapeText(text));
}

/** The pixels that a line takes, in whatever font the reader's system has. */
export function textWidth(letters: number, size: number, font: keyof typeof LETTER): number {
  return Math.ceil(letters * size * LETTER[font]);
}

/** A picture, of a size in pixels. */
export type Drawing = {
  /** Its name, for those who do not see it. */
  readonly title: string;
  /** All that it shows, in words. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  /** Its elements; each covers those before it. */
  readonly parts: readonly string[];
};

/** Makes the text of an SVG file. */
export function svgFile(drawing: Drawing, theme: Theme): string {
  const { title, description, width, height, parts } = drawing;
  const lines = [
    element("title", {}, escapeText(title)),
    element("desc", {}, escapeText(description)),
    element("rect", { width, height, rx: 12, fill: theme.panel }),
    ...parts,
  ];
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "font-family": SANS,
  };
  return `${element("svg", attributes, `\n${lines.join("\n")}\n`)}\n`;
}
