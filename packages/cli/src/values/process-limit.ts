import type { runtime } from '@aurae/proto';

/** What a limit of setrlimit(2) looks like, for messages. */
export const processLimitForms = 'nofile=1024, nofile=1024:4096 (soft:hard) or core=unlimited; soft is at most hard';

/** RLIM_INFINITY */
const unlimited = 0xffff_ffff_ffff_ffffn;

/** The limit of `nofile=1024`, `nofile=1024:4096` or `core=unlimited`. Undefined when it is none. */
export function parseProcessLimit(text: string): runtime.ProcessLimit | undefined {
  const [, name, first, second] = /^([a-z]+)=([^:]+)(?::([^:]+))?$/.exec(text) ?? [];
  if (name === undefined || first === undefined) return undefined;
  const soft = parseAmount(first);
  const hard = second === undefined ? soft : parseAmount(second);
  return soft === undefined || hard === undefined || soft > hard ? undefined : { name, soft, hard };
}

function parseAmount(text: string): bigint | undefined {
  if (text === 'unlimited') return unlimited;
  const amount = /^\d{1,20}$/.test(text) ? BigInt(text) : undefined;
  return amount !== undefined && amount <= unlimited ? amount : undefined;
}
