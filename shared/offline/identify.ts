type Call = { readonly name: string; readonly args: Readonly<Record<string, unknown>> };

/** Readable ids, unique within a reply and 40 characters long at most: weather_beijing, send_email. */
export function identify(calls: readonly Call[]): string[] {
  const ids: string[] = [];
  for (const { name, args } of calls) {
    const words = `${name.replace(/^get_/, "")} ${args.location ?? ""}`.normalize("NFKD");
    const id = words
      .replace(/\p{M}/gu, "")
      .toLowerCase()
      .match(/[a-z0-9]+/g)
      ?.join("_")
      .slice(0, 34);
    const taken = ids.filter((other) => other.replace(/_\d+$/, "") === id).length;
    ids.push(taken > 0 ? `${id}_${taken + 1}` : (id ?? "call"));
  }
  return ids;
}
