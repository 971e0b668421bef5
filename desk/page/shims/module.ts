// node:module. Nothing is resolved: all modules are in the bundle.
export function createRequire(): { resolve: (path: string) => string } {
  return { resolve: (path) => path };
}
