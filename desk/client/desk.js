// @ts-check
// The frame of every page: the colours, the list of chapters on a phone, the parts of a chapter's page.
(() => {
  /** @type {HTMLElement} */
  const root = document.documentElement;

  const theme = document.getElementById("theme");
  if (theme) {
    const name = () => {
      theme.textContent = root.dataset.theme === "dark" ? "Light" : "Dark";
      theme.setAttribute(
        "aria-label",
        `Show the page in ${theme.textContent?.toLowerCase()} colours`,
      );
    };
    theme.addEventListener("click", () => {
      root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
      try {
        localStorage.setItem("theme", root.dataset.theme);
      } catch {
        // A browser may forbid storage for files. The choice then holds for this page alone.
        name();
      }
      name();
    });
    name();
    theme.hidden = false;
  }

  const find = document.getElementById("find");
  if (find instanceof HTMLInputElement && matchMedia("(hover: none)").matches) {
    find.placeholder = "Search";
  }

  const menu = document.getElementById("menu");
  const chapters = document.getElementById("chapters");
  if (menu && chapters) {
    const isOpen = () => chapters.classList.contains("open");

    /** @param {boolean} open */
    function show(open) {
      chapters?.classList.toggle("open", open);
      menu?.setAttribute("aria-expanded", String(open));
    }

    function close() {
      if (!isOpen()) return;
      show(false);
      menu?.focus();
    }

    menu.hidden = false;
    menu.addEventListener("click", () => {
      if (isOpen()) return close();
      show(true);
      // The chapter of this page comes into view, and Tab goes on from it.
      const link = chapters.querySelector("[aria-current]") ?? chapters.querySelector("a");
      if (link instanceof HTMLElement) link.focus();
    });
    /** @param {EventTarget | null} target */
    const isOutside = (target) => {
      return target instanceof Node && !chapters.contains(target) && !menu.contains(target);
    };
    document.addEventListener("click", ({ target }) => {
      if (isOutside(target)) close();
    });
    document.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") close();
    });
    chapters.addEventListener("focusout", ({ relatedTarget }) => {
      if (isOutside(relatedTarget)) show(false);
    });
  }

  const parts = document.querySelector(".parts");
  if (parts instanceof HTMLElement) {
    /** @type {Map<Element | null, HTMLAnchorElement>} */
    const links = new Map();
    for (const link of parts.querySelectorAll("a")) {
      links.set(document.querySelector(link.hash), link);
    }
    const observer = new IntersectionObserver(
      (changes) => {
        for (const { target, isIntersecting } of changes) {
          const link = links.get(target);
          if (!isIntersecting) link?.removeAttribute("aria-current");
          else if (link) {
            link.setAttribute("aria-current", "true");
            parts.scrollLeft = link.offsetLeft + (link.offsetWidth - parts.clientWidth) / 2;
          }
        }
      },
      { rootMargin: "-20% 0px" },
    );
    for (const part of links.keys()) if (part) observer.observe(part);
  }
})();
