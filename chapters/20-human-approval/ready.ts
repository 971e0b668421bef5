/** Takes promises that never reject. Returns as many promises, which get the values in order of arrival. */
export function asReady<Value>(values: readonly Promise<Value>[]): Promise<Value>[] {
  const fulfil: ((value: Value) => void)[] = [];
  const sorted = values.map(() => new Promise<Value>((resolve) => fulfil.push(resolve)));
  let count = 0;
  for (const value of values) void value.then((ready) => fulfil[count++]?.(ready));
  return sorted;
}
