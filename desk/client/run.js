// @ts-check
// Steps through transcripts, and lets the reader zoom and measure timelines.
(() => {
  const MAX_ZOOM = 64;
  /** The part of the axis that an arrow key moves the line by. */
  const STEP = 0.01;

  /**
   * The elements below another that fit a selector.
   *
   * @param {ParentNode} root
   * @param {string} selector
   * @returns {HTMLElement[]}
   */
  function all(root, selector) {
    return [...root.querySelectorAll(selector)].filter((one) => one instanceof HTMLElement);
  }

  /** @param {HTMLElement} root */
  function showControls(root) {
    for (const one of all(root, "[data-js]")) one.hidden = false;
  }

  /** @param {HTMLElement} transcript */
  function stepThrough(transcript) {
    const steps = all(transcript, ".said-list > li");
    const [place] = all(transcript, ".place");
    if (!place) return;
    /** How many steps are shown; all of them at first. */
    let shown = steps.length;
    /** The kinds of parts that are open beside each step: at first the short one, then as the reader likes. */
    const open = new Set(["What ran"]);

    /** @param {Element} part */
    function kindOf(part) {
      const title = part.querySelector("summary")?.textContent ?? "";
      return title.replace(/[:,].*/, "");
    }

    /** @param {boolean} isStepping */
    function show(isStepping) {
      for (const [index, step] of steps.entries()) {
        const isLast = isStepping && index === shown - 1;
        step.classList.toggle("later", index >= shown);
        step.classList.toggle("now", isLast);
        for (const part of step.querySelectorAll(".beside > details")) {
          part.toggleAttribute("open", isLast && open.has(kindOf(part)));
        }
      }
      const name = steps[shown - 1]?.dataset.name ?? "";
      if (place) {
        place.textContent = isStepping
          ? `${shown} of ${steps.length}: ${name}`
          : `${steps.length} steps`;
      }
      for (const button of all(transcript, "[data-go]")) {
        const { go = "" } = button.dataset;
        const isAtEnd = { next: shown === steps.length, previous: shown === 1 }[go] ?? false;
        button.setAttribute("aria-disabled", String(isStepping && isAtEnd));
      }
      if (!isStepping) return;
      // The first step brings the buttons to their place at the top, where they stay for all others.
      if (shown === 1) transcript.scrollIntoView({ block: "start" });
      else steps[shown - 1]?.scrollIntoView({ block: "nearest" });
    }

    transcript.addEventListener("click", ({ target }) => {
      const summary = target instanceof Element && target.closest(".beside > details > summary");
      const part = summary ? summary.parentElement : null;
      // The click opens or closes the part only after this.
      if (part) open[part.hasAttribute("open") ? "delete" : "add"](kindOf(part));
    });

    let isStepping = false;
    /** @param {string | undefined} where */
    function go(where) {
      if (where === "next") shown = isStepping ? Math.min(steps.length, shown + 1) : 1;
      if (where === "previous") shown = Math.max(1, shown - 1);
      isStepping = where !== "all";
      if (!isStepping) shown = steps.length;
      show(isStepping);
    }

    for (const button of all(transcript, "[data-go]")) {
      button.addEventListener("click", () => go(button.dataset.go));
    }
    transcript.addEventListener("keydown", (event) => {
      const where = { ArrowRight: "next", ArrowLeft: "previous" }[event.key];
      const isOther = event.target instanceof HTMLElement && event.target.matches(".drawn, .json");
      if (!where || isOther || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      go(where);
    });
    showControls(transcript);
    show(false);
  }

  /**
   * The calls of each lane that run at a moment: "03: nothing; 04: get_weather LA".
   *
   * @param {HTMLElement} figure
   * @param {number} time in ms
   */
  function runningAt(figure, time) {
    return all(figure, ".lane")
      .map((lane) => {
        const bars = all(lane, ".bar").filter(({ dataset }) => {
          return Number(dataset.start) <= time && time < Number(dataset.end);
        });
        const labels = bars.map(({ dataset }) => dataset.label);
        const title = lane.querySelector(".title")?.textContent ?? "";
        return `${title}: ${labels.length > 0 ? labels.join(", ") : "nothing"}`;
      })
      .join("; ");
  }

  /** @param {HTMLElement} figure */
  function measure(figure) {
    const [plane] = all(figure, ".plane");
    const [scroll] = all(figure, ".scroll");
    const [track] = all(figure, ".axis .track");
    const [cursor] = all(figure, ".cursor");
    const [moment] = all(figure, ".moment");
    const [panel] = all(figure, ".panel");
    if (!plane || !scroll || !track || !cursor || !moment) return;
    const end = Number(figure.dataset.end);
    let zoom = 1;
    let at = 0;

    /** @param {number} to the place of the line, as a part of the axis */
    function moveTo(to) {
      at = Math.min(1, Math.max(0, to));
      if (!cursor || !moment) return;
      cursor.style.setProperty("--at", String(at));
      cursor.classList.add("set");
      const time = Math.round(at * end);
      moment.textContent = `At ${time} ms, running: ${runningAt(figure, time)}`;
    }

    /** Keeps the line in view. */
    function follow() {
      if (!scroll || !track || !cursor) return;
      const [box, line] = [scroll.getBoundingClientRect(), cursor.getBoundingClientRect()];
      const left = box.right - track.getBoundingClientRect().width / zoom;
      if (line.left < left) scroll.scrollLeft -= left - line.left + 20;
      if (line.left > box.right - 20) scroll.scrollLeft += line.left - box.right + 40;
    }

    /** @param {string | undefined} how */
    function zoomTo(how) {
      const next = { in: zoom * 2, out: zoom / 2, whole: 1 }[how ?? ""] ?? zoom;
      zoom = Math.min(MAX_ZOOM, Math.max(1, next));
      figure.style.setProperty("--zoom", String(zoom));
      drawTicks();
      follow();
    }

    const ticks = track.innerHTML;
    const [, second] = all(track, ".tick");
    const step = Number(second?.textContent) || end;

    /** Puts more numbers on the axis when there is more room. */
    function drawTicks() {
      if (!track) return;
      if (zoom === 1) {
        track.innerHTML = ticks;
        return;
      }
      const finer = step / zoom;
      const size = 10 ** Math.floor(Math.log10(finer));
      const [nice = 1] = [1, 2, 5, 10].filter((one) => one * size >= finer);
      const distance = Math.max(1, nice * size);
      const places = Array.from({ length: Math.floor(end / distance) + 1 }, (_, i) => i * distance);
      track.replaceChildren(
        ...places.map((time) => {
          const tick = document.createElement("span");
          tick.className = "tick";
          tick.style.setProperty("--at", String(time / end));
          tick.textContent = time === 0 ? "0 ms" : String(time);
          return tick;
        }),
      );
    }

    /** @param {HTMLElement} bar */
    function choose(bar) {
      for (const other of all(figure, ".bar")) other.classList.toggle("chosen", other === bar);
      const [, id = ""] = (bar.getAttribute("href") ?? "").split("#");
      const said = document.getElementById(id);
      if (!said || !panel) return;
      panel.innerHTML = said.innerHTML;
      panel.scrollIntoView({ block: "nearest" });
    }

    /** @param {PointerEvent} event */
    function point({ clientX }) {
      if (!track || !moment) return;
      const { left, width } = track.getBoundingClientRect();
      moment.setAttribute("aria-live", "off");
      if (clientX >= left) moveTo((clientX - left) / width);
    }
    plane.addEventListener("pointermove", point);
    // A tap does not move.
    plane.addEventListener("pointerdown", point);
    plane.addEventListener("click", (event) => {
      const bar = event.target instanceof Element ? event.target.closest(".bar") : null;
      if (!(bar instanceof HTMLElement)) return;
      event.preventDefault();
      choose(bar);
    });
    figure.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const how = { "+": "in", "=": "in", "-": "out", 0: "whole" }[event.key];
      const by = { ArrowRight: STEP, ArrowLeft: -STEP }[event.key];
      if (how === undefined && by === undefined) return;
      event.preventDefault();
      zoomTo(how);
      if (by === undefined) return;
      moment.setAttribute("aria-live", "polite");
      moveTo(at + by / zoom);
      follow();
    });
    for (const button of all(figure, "[data-zoom]")) {
      button.addEventListener("click", () => zoomTo(button.dataset.zoom));
    }
    showControls(figure);
    moment.textContent = matchMedia("(hover: none)").matches
      ? "Tap the picture to see what runs at a moment."
      : "Move over the picture, or press ← and → in it, to see what runs at a moment.";
  }

  for (const transcript of all(document, ".transcript")) stepThrough(transcript);
  for (const figure of all(document, ".timeline")) measure(figure);
  // A run in the page draws its figures later.
  document.addEventListener("drawn", ({ target }) => {
    if (target instanceof HTMLElement) measure(target);
  });
})();
