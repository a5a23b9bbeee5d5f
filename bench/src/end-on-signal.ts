/** 128 + the number of the signal, as a shell says it. */
const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Has these signals clean up before the process ends. What is returned aborts with the first: whatever fails from
 * then on fails because of it.
 */
export function endOnSignal(resource: AsyncDisposable): AbortSignal {
  const interruption = new AbortController();
  for (const [signal, exitCode] of Object.entries(exitCodes)) {
    process.on(signal, () => {
      interruption.abort();
      void resource[Symbol.asyncDispose]().then(() => process.exit(exitCode));
    });
  }
  return interruption.signal;
}
