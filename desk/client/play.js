// @ts-check
// Loads a chapter when the reader asks for it, and runs it in the page.
(() => {
  const up = document.body.dataset.up ?? "";
  /** @type {Map<string, Promise<void>>} */
  const loaded = new Map();

  /**
   * Loads a script once.
   *
   * @param {string} name
   * @returns {Promise<void>}
   */
  function load(name) {
    const loading =
      loaded.get(name) ??
      new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = `${up}play/${name}.js`;
        script.onload = () => resolve();
        script.onerror = () => {
          // The next try loads it again.
          loaded.delete(name);
          reject(new Error(`the script ${name}.js cannot be loaded`));
        };
        document.head.append(script);
      });
    loaded.set(name, loading);
    return loading;
  }

  /**
   * @param {HTMLElement} root
   * @param {HTMLFormElement} form
   */
  function prepare(root, form) {
    const { number = "", base } = root.dataset;
    const news = root.querySelector("[data-part=news]");

    /** @param {"question" | "demo" | "beside"} wish */
    async function run(wish) {
      // The demo has questions of its own.
      const fields = wish === "demo" ? [...form.querySelectorAll("input")] : [form];
      if (!fields.every((one) => one.reportValidity())) return;
      if (news && !loaded.has("book")) {
        news.textContent = "Loading the chapter.";
        news.scrollIntoView({ block: "nearest" });
      }
      try {
        const names = ["panel", "book", "thread", number, ...(base ? [base] : [])];
        await Promise.all(names.map(load));
        for (const part of root.querySelectorAll("[data-part=legend]")) {
          part.toggleAttribute("hidden", false);
        }
        panel.play(root, form, wish);
      } catch (error) {
        if (news) news.textContent = `Error: ${error instanceof Error ? error.message : error}.`;
      }
    }

    form.addEventListener(
      "invalid",
      ({ target }) => {
        // The browser cannot show its message at a field that is folded away.
        if (target instanceof Element) target.closest("details")?.toggleAttribute("open", true);
      },
      true,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      run("question");
    });
    form.querySelector("[data-action=demo]")?.addEventListener("click", () => run("demo"));
    form.querySelector("[data-action=beside]")?.addEventListener("click", () => run("beside"));
    const field = form.querySelector("textarea");
    for (const button of form.querySelectorAll("button")) {
      const { question } = button.dataset;
      if (question === undefined || !field) continue;
      button.addEventListener("click", () => {
        field.value = question;
        form.requestSubmit();
      });
    }
    field?.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    for (const part of root.querySelectorAll("[data-part=unshared]")) {
      part.toggleAttribute("hidden", "SharedArrayBuffer" in window);
    }
    form.hidden = false;
  }

  for (const root of document.querySelectorAll(".play")) {
    const form = root.querySelector("form");
    if (root instanceof HTMLElement && form) prepare(root, form);
  }
})();
