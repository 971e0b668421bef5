// @ts-check
// The frame of every page: the colours, the list of chapters on a phone, and the views beside the text.
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

  const menu = document.getElementById("menu");
  const chapters = document.getElementById("chapters");
  if (menu && chapters) {
    menu.hidden = false;
    menu.addEventListener("click", () => {
      const open = chapters.classList.toggle("open");
      menu.setAttribute("aria-expanded", String(open));
    });
  }
})();
