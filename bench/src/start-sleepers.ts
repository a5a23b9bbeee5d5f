import type { AuraeClient } from '@aurae/client';

/** Starts so many executables that do nothing; their pids. */
export async function startSleepers(client: AuraeClient, count: number): Promise<number[]> {
  const started = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      client.runtime.executableStart({ meta: { name: `sleeper-${index}` }, argv: ['/bin/sleep', '100000'] }),
    ),
  );
  return started.map(({ proc }) => {
    if (proc === undefined || proc.pid === 0) throw new Error('A sleeper did not start');
    return proc.pid;
  });
}
