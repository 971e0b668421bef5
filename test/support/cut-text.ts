import { type Budget, cut, linesOf } from "../../chapters/18-tool-output/cut.ts";

/** Takes a text, returns what a model sees of it within a budget, as chapter 18 cuts it. */
export function cutText(text: string, name: string, budget: Budget): string {
  return cut(linesOf(text, budget), name, budget);
}
