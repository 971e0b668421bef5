/** Made by desk/page/panel.ts, which is loaded when a reader runs a chapter. */
declare const panel: {
  play(root: HTMLElement, form: HTMLFormElement, wish: "question" | "demo" | "beside"): void;
};
