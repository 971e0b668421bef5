// node:crypto, as far as ids need it.
type Bytes = { toString(encoding: "base64url"): string };

export function randomBytes(length: number): Bytes {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  const text = btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
  return { toString: () => text.replaceAll("=", "") };
}

/** Only aimock's embeddings are hashed, and no chapter asks for those. */
export function createHash(): never {
  throw new Error("a page hashes nothing");
}
