// Writes the pages that show files of the book: npx tsx desk/show-files.ts OUT FILE …
import { filePage } from "./files.ts";
import { renderPage } from "./shell.ts";
import { write } from "./write.ts";

const [, , out = "", ...files] = process.argv;
for (const page of files.map(filePage)) write(out, page.file, renderPage(page));
