// A weather tool that does what its place says: it returns, throws or rejects with odd things.

/** What the place says, as JSON. */
export type Odd = {
  readonly act: "return" | "resolve later" | "throw" | "reject later";
  readonly thing: Thing;
};

/** A thing that JSON cannot hold, by its kind, or one that JSON can hold, as a value. */
export type Thing = { readonly kind: string; readonly value?: unknown };

function circle(): object {
  const self = { of: {} };
  self.of = self;
  return self;
}

function nest(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

function fail(): never {
  throw new Error("it has no inside");
}

const unreadable = new Proxy({}, { get: fail, ownKeys: fail, getPrototypeOf: fail });

function ownCause(): Error {
  const error = new Error("its own cause");
  error.cause = error;
  return error;
}

/** The property that Node reads in everything that is awaited. */
const THEN = "then";

const makers = new Map<string, (value: unknown) => unknown>([
  ["value", (value) => value],
  ["nothing", () => undefined],
  ["BigInt", () => 1n],
  ["symbol", () => Symbol("s")],
  ["function", () => () => 1],
  ["circle", circle],
  ["date", (value) => new Date(Number(value))],
  ["map", () => new Map([[1, 2]])],
  ["bytes", (value) => new Uint8Array(Number(value))],
  ["long", (value) => "x".repeat(Number(value))],
  ["deep", (value) => nest(Number(value))],
  ["getter", () => Object.defineProperty({}, "a", { get: fail, enumerable: true })],
  ["unreadable", () => unreadable],
  ["toJSON", (value) => ({ toJSON: () => value })],
  ["broken toJSON", () => ({ toJSON: fail })],
  ["promise in a promise", (value) => Promise.resolve(Promise.resolve(value))],
  ["broken thenable", () => Object.defineProperty({}, THEN, { get: fail })],
  ["error", (value) => new Error(String(value))],
  ["error without a message", () => Object.assign(new Error("a"), { message: { toString: 1 } })],
  ["error of itself", ownCause],
  ["error with a cause", (value) => new Error("why", { cause: value })],
  ["DOMException", () => new DOMException("aborted", "AbortError")],
  ["without prototype", () => Object.create(null)],
]);

/** All kinds of things that the tool can make. */
export const KINDS: readonly string[] = [...makers.keys()];

/** Makes a thing of a kind. */
export function make({ kind, value }: Thing): unknown {
  return makers.get(kind)?.(value);
}

export function forecast({ location }: { location: string }): unknown {
  const { act, thing }: Odd = JSON.parse(location);
  switch (act) {
    case "return":
      return make(thing);
    case "throw":
      throw make(thing);
    case "resolve later":
      return new Promise((resolve) => setTimeout(() => resolve(make(thing)), 2));
    case "reject later":
      return new Promise((_, reject) => setTimeout(() => reject(make(thing)), 2));
  }
}
