// chapters/08-tracing/trace/record.ts for a page, which has no file for a trace and draws the calls itself.
export function record(): void {
  // Only --trace and the settings for an endpoint ask for spans, and a page has neither.
}
