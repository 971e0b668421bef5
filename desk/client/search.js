// @ts-check
// The search: "/" goes to it, letters look, arrows choose, Enter opens, Escape closes.
(() => {
  const MAX_HITS = 12;
  const AROUND = 60;
  const up = document.body.dataset.up ?? "";
  const input = document.getElementById("find");
  const panel = document.getElementById("hits");
  if (!(input instanceof HTMLInputElement) || !panel) return;
  /** @type {HTMLInputElement} */
  const field = input;
  /** @type {HTMLElement} */
  const list = panel;
  const frame = field.closest(".find");
  if (frame instanceof HTMLElement) frame.hidden = false;

  /** Loads the data when the search is first used, since most readers do not use it. */
  function load() {
    if (document.getElementById("places")) return;
    const script = document.createElement("script");
    script.id = "places";
    script.src = `${up}search-data.js`;
    script.addEventListener("load", show);
    document.head.append(script);
  }

  /**
   * How well a place fits: 0 if a word is missing, more if the words stand in its heading.
   * @param {string[]} words
   * @param {string} heading
   * @param {string} text
   */
  function weigh(words, heading, text) {
    let weight = 0;
    for (const word of words) {
      const inHeading = heading.includes(word);
      if (!inHeading && !text.includes(word)) return 0;
      weight += inHeading ? 10 : 1;
    }
    return text.includes(words.join(" ")) ? weight + 3 : weight;
  }

  /**
   * The text around the first word, with the words marked.
   * @param {string} text
   * @param {string[]} words
   */
  function excerpt(text, words) {
    const at = Math.max(0, text.toLowerCase().indexOf(words[0] ?? ""));
    const from = Math.max(0, at - AROUND);
    const part = text.slice(from, at + 2 * AROUND);
    const line = document.createElement("span");
    line.className = "text";
    line.append(
      from > 0 ? "… " : "",
      ...marked(part, words),
      from + part.length < text.length ? " …" : "",
    );
    return line;
  }

  /**
   * @param {string} text
   * @param {string[]} words
   */
  function marked(text, words) {
    const found = words.map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return text.split(new RegExp(`(${found.join("|")})`, "gi")).map((piece, index) => {
      if (index % 2 === 0) return piece;
      const mark = document.createElement("mark");
      mark.textContent = piece;
      return mark;
    });
  }

  function hits() {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0 || typeof PLACES === "undefined") return [];
    return PLACES.map((place) => {
      const [, page, heading, text] = place;
      const weight = weigh(words, `${page} ${heading}`.toLowerCase(), text.toLowerCase());
      return { place, words, weight };
    })
      .filter(({ weight }) => weight > 0)
      .sort((one, other) => other.weight - one.weight)
      .slice(0, MAX_HITS);
  }

  function show() {
    const found = hits();
    const items = found.map(({ place: [address, page, heading, text], words }) => {
      const link = document.createElement("a");
      link.href = up + address;
      const title = document.createElement("span");
      title.className = "title";
      title.textContent = heading && !page.endsWith(heading) ? `${page} — ${heading}` : page;
      link.append(title, excerpt(text, words));
      return link;
    });
    const status = document.createElement("p");
    status.setAttribute("role", "status");
    const isEmpty = field.value.trim() === "";
    status.textContent = found.length > 0 ? `${found.length} places` : "Nothing found";
    list.replaceChildren(status, ...items);
    list.hidden = isEmpty;
  }

  function close() {
    list.hidden = true;
    field.value = "";
  }

  /** @param {number} step */
  function move(step) {
    const links = [...list.querySelectorAll("a")];
    const active = document.activeElement;
    const here = active instanceof HTMLAnchorElement ? links.indexOf(active) : -1;
    const next = here + step;
    if (next < 0) field.focus();
    else links[Math.min(next, links.length - 1)]?.focus();
  }

  field.addEventListener("focus", load);
  field.addEventListener("input", show);
  document.addEventListener("keydown", (event) => {
    const inSearch = event.target instanceof Node && frame?.contains(event.target);
    const types =
      event.target instanceof HTMLElement && event.target.matches("input, select, textarea");
    if (event.key === "/" && !types) {
      event.preventDefault();
      field.focus();
    } else if (inSearch && event.key === "Escape") {
      close();
      field.blur();
    } else if (inSearch && event.key === "ArrowDown") {
      event.preventDefault();
      move(1);
    } else if (inSearch && event.key === "ArrowUp") {
      event.preventDefault();
      move(-1);
    } else if (event.target === field && event.key === "Enter") {
      const first = list.querySelector("a");
      if (first) first.click();
    }
  });
  list.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("a")) list.hidden = true;
  });
})();
