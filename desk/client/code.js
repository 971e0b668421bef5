// @ts-check
// The types of names, by pointer and by keyboard; the two views of a diff; folded lines.
(() => {
  "use strict";

  /** @type {(root: ParentNode, selector: string) => HTMLElement[]} */
  const all = (root, selector) => {
    return [...root.querySelectorAll(selector)].filter((found) => found instanceof HTMLElement);
  };

  /** @type {(event: Event, selector: string) => HTMLElement | undefined} */
  const targetOf = ({ target }, selector) => {
    const found = target instanceof Element ? target.closest(selector) : undefined;
    return found instanceof HTMLElement ? found : undefined;
  };

  // ── Types ──

  const tip = document.createElement("div");
  tip.id = "type-tip";
  tip.className = "type-tip";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  (document.querySelector("main") ?? document.body).append(tip);

  /** @type {HTMLElement | undefined} */
  let shown;
  let hiding = 0;

  function hide() {
    shown?.removeAttribute("aria-describedby");
    shown = undefined;
    tip.hidden = true;
  }

  // The tip touches its name, so that the pointer can move onto it.
  function place() {
    if (!shown) return;
    const name = shown.getBoundingClientRect();
    const left = Math.min(name.left, document.documentElement.clientWidth - tip.offsetWidth - 8);
    const above = name.top - tip.offsetHeight;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${above < 60 ? name.bottom : above}px`;
  }

  /** @param {HTMLElement} name */
  function show(name) {
    clearTimeout(hiding);
    if (name === shown) return;
    hide();
    shown = name;
    tip.textContent = name.dataset.type ?? "";
    tip.hidden = false;
    name.setAttribute("aria-describedby", tip.id);
    place();
  }

  addEventListener("scroll", place, { capture: true, passive: true });
  addEventListener("resize", place);
  addEventListener("pointerover", (event) => {
    const name = targetOf(event, "[data-type]");
    if (name) show(name);
    else if (targetOf(event, ".type-tip")) clearTimeout(hiding);
    else if (shown && shown !== document.activeElement) hiding = setTimeout(hide, 200);
  });
  addEventListener("click", (event) => {
    const name = targetOf(event, "[data-type]");
    if (name) show(name);
  });
  addEventListener("focusin", (event) => {
    const name = targetOf(event, "[data-type]");
    if (name) show(name);
  });
  addEventListener("focusout", hide);
  addEventListener("keydown", ({ key }) => {
    if (key === "Escape") hide();
  });

  // Only one name of a code is a tab stop. From there, arrow keys go to the others.

  /** The names in a box that are shown: a diff holds each line once for each of its views. */
  /** @type {(box: ParentNode) => HTMLElement[]} */
  const namesIn = (box) => all(box, "[data-type]").filter((name) => name.offsetParent !== null);

  /** @type {(name: HTMLElement) => HTMLElement[]} */
  const namesAround = (name) => namesIn(name.closest(".scroll") ?? document);

  /** @type {(name: HTMLElement) => Element | null} */
  const lineOf = (name) => name.closest(".line, tr");

  /** @type {(name: HTMLElement, step: 1 | -1) => HTMLElement | undefined} */
  function nextLine(name, step) {
    const names = namesAround(name);
    const beyond =
      step > 0 ? names.slice(names.indexOf(name)) : names.slice(0, names.indexOf(name));
    const ordered = step > 0 ? beyond : beyond.reverse();
    const line = ordered.map(lineOf).find((other) => other !== lineOf(name));
    const { left } = name.getBoundingClientRect();
    const far = (/** @type {HTMLElement} */ other) => {
      return Math.abs(other.getBoundingClientRect().left - left);
    };
    return line ? all(line, "[data-type]").sort((a, b) => far(a) - far(b))[0] : undefined;
  }

  /** @type {(name: HTMLElement, key: string) => HTMLElement | undefined} */
  function neighbour(name, key) {
    const names = namesAround(name);
    const index = names.indexOf(name);
    if (key === "ArrowRight") return names[index + 1];
    if (key === "ArrowLeft") return names[index - 1];
    if (key === "ArrowDown") return nextLine(name, 1);
    if (key === "ArrowUp") return nextLine(name, -1);
    if (key === "Home") return names[0];
    return key === "End" ? names.at(-1) : undefined;
  }

  addEventListener("keydown", (event) => {
    const name = targetOf(event, "[data-type]");
    if (!name || event.altKey || event.ctrlKey || event.metaKey) return;
    const address = lineOf(name)?.id;
    // The address of a line takes the focus away.
    if (event.key === "Enter" && address) location.hash = address;
    const next = event.key === "Enter" ? name : neighbour(name, event.key);
    if (!next) return;
    event.preventDefault();
    name.removeAttribute("tabindex");
    next.tabIndex = 0;
    next.focus();
  });

  function offerNames() {
    for (const box of all(document, ".code, .diff")) {
      for (const name of all(box, "[data-type][tabindex]")) name.removeAttribute("tabindex");
      const [first] = namesIn(box);
      if (!first) continue;
      first.tabIndex = 0;
      // Names bring themselves into view, so the box needs no tab stop of its own.
      if (box.matches(".code")) first.closest(".scroll")?.removeAttribute("tabindex");
    }
  }
  for (const hint of all(document, ".hint")) hint.hidden = false;

  // ── Views ──

  /** @param {string} view */
  function choose(view) {
    for (const figure of all(document, ".diff")) figure.dataset.view = view;
    for (const button of all(document, ".views [data-view]")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === view));
    }
    offerNames();
  }

  /** What the reader chose last. A browser may forbid pages to remember anything. */
  function chosen() {
    try {
      return localStorage.getItem("view") === "side" ? "side" : "inline";
    } catch {
      return "inline";
    }
  }

  /** @param {string} view */
  function remember(view) {
    try {
      localStorage.setItem("view", view);
    } catch (error) {
      console.debug("the view is not remembered", error);
    }
  }

  addEventListener("click", (event) => {
    const view = targetOf(event, ".views [data-view]")?.dataset.view;
    if (!view) return;
    choose(view);
    remember(view);
  });
  for (const buttons of all(document, ".views")) buttons.hidden = false;
  choose(chosen());

  // ── Folded lines ──

  /** @type {(button: Element, isOpen: boolean) => void} */
  function fold(button, isOpen) {
    button.setAttribute("aria-expanded", String(isOpen));
    button.closest("tbody")?.nextElementSibling?.classList.toggle("folded", !isOpen);
  }

  addEventListener("click", (event) => {
    const button = targetOf(event, ".gap button");
    if (button) fold(button, button.getAttribute("aria-expanded") === "false");
  });
  for (const gap of all(document, ".gap")) {
    gap.hidden = false;
    for (const button of all(gap, "button")) fold(button, false);
  }
})();
