// node:vm. A page cannot limit the time of a function; its reader can stop the run.
export function runInNewContext<Result>(_code: string, { work }: { work: () => Result }): Result {
  return work();
}
