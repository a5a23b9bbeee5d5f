import { meta, runtime } from '@aurae/proto';

export const execRequest = { argv: ['/bin/true'] };

/** What a daemon answers to it. */
export const execAnswer = runtime.ExecutableStatus.fromPartial({
  meta: { name: '', message: '' },
  proc: { pid: 12345 },
  status: meta.Status.STATUS_COMPLETE,
  exitCode: '0',
  usage: { userCpuUs: 0n, systemCpuUs: 512n, maxRssBytes: 1_572_864n },
});

export function assertSucceeded({ exitCode, meta }: runtime.ExecutableStatus): void {
  if (exitCode !== '0') throw new Error(`/bin/true ended with "${exitCode}": ${meta?.message}`);
}
