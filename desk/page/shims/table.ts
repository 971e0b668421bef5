// The table that Node's console.table draws, for rows that have the same columns.

function quote(value: unknown): string {
  return typeof value === "string" ? `'${value}'` : String(value);
}

/** Draws rows of values as a table of letters. */
export function drawTable(rows: readonly object[]): string {
  const names = ["(index)", ...Object.keys(rows[0] ?? {})];
  const lines = rows.map((row, index) => [String(index), ...Object.values(row).map(quote)]);
  const widths = names.map((name, column) => {
    return Math.max(name.length, ...lines.map((line) => (line[column] ?? "").length));
  });
  const rule = (left: string, middle: string, right: string): string =>
    left + widths.map((width) => "─".repeat(width + 2)).join(middle) + right;
  const draw = (cells: readonly string[]): string =>
    `│ ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" │ ")} │`;
  const body = [draw(names), rule("├", "┼", "┤"), ...lines.map(draw)];
  return [rule("┌", "┬", "┐"), ...body, rule("└", "┴", "┘")].join("\n");
}
