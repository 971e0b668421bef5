import { existsSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { lexer, Marked, Renderer, type Tokens, walkTokens } from "marked";
import { ROOT } from "../scripts/chapters.ts";
import { highlightLines } from "./highlight.ts";
import { escapeHtml, type Html } from "./html.ts";
import { pictureOf } from "./pictures.ts";
import { renderTranscript } from "./transcript.ts";

/** A part of a page, for the search: where it begins, its heading, and its text without marks. */
export type Part = { readonly anchor: string; readonly heading: string; readonly text: string };

/** Where the files of the book are on the site, by their paths from the root. */
export type Site = {
  /** The file of the page that shows it, or undefined if none does. */
  readonly fileOf: (path: string) => string | undefined;
};

/** The anchor that GitHub gives a heading. Two headings with one text get two anchors. */
function anchors(): (heading: string) => string {
  const used = new Map<string, number>();
  return (heading) => {
    const words = heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "");
    const anchor = words.trim().replaceAll(/\s/g, "-");
    const count = used.get(anchor) ?? 0;
    used.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  };
}

/** A table, code or picture that may be wider than the page: it scrolls by itself. */
export function scrolling(label: string, html: Html): Html {
  const name = escapeHtml(label);
  return `<div class="scroll" tabindex="0" role="region" aria-label="${name}">${html}</div>`;
}

/** Names for the boxes of a page: "Table 1", "Table 2". A reader who cannot see tells them apart by these. */
function names(): (kind: string) => string {
  const counts = new Map<string, number>();
  return (kind) => {
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    return `${kind} ${count}`;
  };
}

const KINDS: Readonly<Record<string, string>> = {
  sh: "Command",
  text: "Recorded run",
  json: "JSON",
  diff: "Part of the diff",
};

type Fence = { readonly language: string; readonly text: string; readonly chapter: string };

/** A block of code, output or a picture, by the language that stands behind its fence. */
function renderFence(fence: Fence, nameOf: (kind: string) => string): Html {
  const { language, text, chapter } = fence;
  if (language === "mermaid") return pictureOf(text);
  if (language === "console") return renderTranscript(chapter, text);
  const name = nameOf(KINDS[language] ?? "Code");
  const lines =
    language === "text" ? text.split("\n").map(escapeHtml) : highlightLines(text, language);
  const kind = escapeHtml(language || "text");
  return scrolling(name, `<pre class="${kind}"><code>${lines.join("\n")}</code></pre>`);
}

/**
 * The address of a link on a page of the site; undefined if the site has nothing to show there.
 *
 * @throws an error if it leads to a file that does not exist
 */
function resolveLink(href: string, path: string, file: string, site: Site): string | undefined {
  if (/^(https?:|#)/.test(href)) return href;
  // An e-mail address of the little world becomes a link by itself.
  if (href.startsWith("mailto:")) return undefined;
  const [name = "", hash] = href.split("#");
  const target = posix.join(posix.dirname(path), name).replace(/\/$/, "");
  if (!existsSync(join(ROOT, target)))
    throw new Error(`${path} links to ${href}, which is missing`);
  const page = site.fileOf(target);
  if (page === undefined && statSync(join(ROOT, target)).isDirectory()) return undefined;
  if (page === undefined) throw new Error(`${path} links to ${href}, which the site does not show`);
  const way = posix.relative(posix.dirname(file), page);
  return hash === undefined ? way : `${way}#${hash}`;
}

/**
 * Tells the site all links of a Markdown file, before the file is rendered.
 *
 * @param file the file of its page on the site
 * @throws an error in one line, if a link is missing
 */
export function readLinks(path: string, text: string, file: string, site: Site): void {
  walkTokens(lexer(text), (token) => {
    if (token.type === "link") resolveLink(String(token.href), path, file, site);
  });
}

/** What marked calls for each token of a page. */
function renderer(path: string, file: string, chapter: string, site: Site): Partial<Renderer> {
  const anchorOf = anchors();
  const nameOf = names();
  return {
    heading({ depth, text, tokens }: Tokens.Heading): Html {
      const anchor = anchorOf(text);
      const words = this.parser?.parseInline(tokens) ?? escapeHtml(text);
      if (depth === 1) return `<h1>${words}</h1>\n`;
      const link = `<a class="anchor" href="#${anchor}" aria-label="Link to this part">#</a>`;
      return `<h${depth} id="${anchor}">${words} ${link}</h${depth}>\n`;
    },
    link({ href, tokens }: Tokens.Link): Html {
      const words = this.parser?.parseInline(tokens) ?? "";
      const to = resolveLink(href, path, file, site);
      return to === undefined ? words : `<a href="${escapeHtml(to)}">${words}</a>`;
    },
    code({ text, lang = "" }: Tokens.Code): Html {
      return renderFence({ language: lang, text, chapter }, nameOf);
    },
    table(token: Tokens.Table): Html {
      const html = Renderer.prototype.table.call(this, token);
      return scrolling(nameOf("Table"), html.replaceAll("<th></th>", "<td></td>"));
    },
  };
}

/** The text of a page in parts, one for each heading, without its marks and its generated comments. */
export function partsOf(text: string): Part[] {
  const anchorOf = anchors();
  const plain = text
    .replaceAll(/<!--.*?-->/gs, "")
    .replaceAll(/<\/?(details|picture)>|<source.*?>|<img.*?>/g, "");
  return plain.split(/^(?=#{1,3} )/m).map((part) => {
    const [, heading = ""] = /^#+ (.*)/.exec(part) ?? [];
    const body = part.replace(/^#+ .*/, "").replaceAll(/^```.*$|<\/?summary>/gm, " ");
    const words = body.replaceAll(/!(?=\[)|\]\([^)]*\)|[[\]*`|]/g, " ").replaceAll(/\s+/g, " ");
    return { anchor: anchorOf(heading), heading: heading.replaceAll("`", ""), text: words.trim() };
  });
}

/** A picture with a version for dark pages becomes two, since the reader may choose the colours. */
function splitPictures(text: string): string {
  const picture =
    /<picture>\s*<source [^>]*srcset="([^"]*)">\s*<img src="([^"]*)" alt="([^"]*)">\s*<\/picture>/g;
  return text.replaceAll(picture, (_, dark: string, light: string, alt: string) => {
    const images = [
      `<img class="for-light" src="${light}" alt="${alt}">`,
      `<img class="for-dark" src="${dark}" alt="${alt}">`,
    ];
    return `<p>${images.join("")}</p>`;
  });
}

/** What of the book a page shows. */
export type Source = {
  /** Its Markdown file, as a path from the root. */
  readonly path: string;
  readonly text: string;
  /** The file of its page on the site. */
  readonly file: string;
  /** The number of its chapter, or "" for another page. */
  readonly chapter: string;
};

/**
 * Turns a Markdown file of the book into markup.
 *
 * @throws an error in one line, if a link or a picture is missing
 */
export function renderMarkdown({ path, text, file, chapter }: Source, site: Site): Html {
  const marked = new Marked({ gfm: true, renderer: renderer(path, file, chapter, site) });
  const plain = text.replaceAll(/<!-- generated: .*? -->|<!-- end -->/g, "");
  const html = marked.parse(splitPictures(plain));
  return String(html);
}
