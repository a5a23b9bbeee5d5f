/** One call of what is measured. */
export type Call = () => Promise<void>;

export interface Plan {
  /** How many calls are in flight at any time. */
  readonly concurrency: number;
  readonly calls: number;
  /** No call begins after this time. */
  readonly limitMs: number;
}

export interface Sample {
  readonly elapsedMs: number;
  readonly latenciesMs: readonly number[];
}

export async function measure(call: Call, { concurrency, calls, limitMs }: Plan): Promise<Sample> {
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  let left = calls;
  const lane = async () => {
    for (let from = performance.now(); left > 0 && from - startedAt < limitMs; from = performance.now()) {
      left--;
      await call();
      latenciesMs.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return { elapsedMs: performance.now() - startedAt, latenciesMs };
}
