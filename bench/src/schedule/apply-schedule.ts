import type { AuraeClient } from '@aurae/client';
import type { runtime, schedule } from '@aurae/proto';

export type ExecutableSpec = runtime.DeepPartial<runtime.Executable>;

const recordsPerMessage = 50;

/** Has all of them enabled by one decision, and waits until each has been followed. */
export async function applySchedule(client: AuraeClient, specs: readonly ExecutableSpec[]): Promise<void> {
  async function* messages(): AsyncGenerator<runtime.DeepPartial<schedule.ApplyRequest>> {
    for (let from = 0; from < specs.length; from += recordsPerMessage) {
      const some = specs.slice(from, from + recordsPerMessage);
      yield { records: some.map((value) => ({ workload: { $case: 'executable' as const, value } })) };
    }
  }
  let done = 0;
  for await (const answer of client.schedule.apply(messages())) if (answer.done) done++;
  if (done !== specs.length) throw new Error(`${done} of ${specs.length} workloads were applied`);
}
