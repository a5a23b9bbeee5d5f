import type { runtime } from '@aurae/proto';
import { byteSizeForms, exactByteSize, parseByteSize } from '../values/byte-size.js';
import { cpuForms, parseCpuMillis } from '../values/cpu-millis.js';
import { parseProcessLimit, processLimitForms } from '../values/process-limit.js';
import { withoutDefaults } from './short-form.js';
import { asTexts, isTable, isText, type Table } from './table.js';

/** RLIM_INFINITY */
const unlimited = 0xffff_ffff_ffff_ffffn;

/** `limits = { memory = "256M", cpu = 0.5, pids = 100 }` */
export function readLimits(table: Table): runtime.ResourceLimits | undefined {
  const limits = table.table('limits', 'a table with memory, cpu and pids');
  if (!limits) return undefined;
  const read = {
    memoryBytes: limits.read('memory', ofTextOrNumber(parseByteSize), `a size such as ${byteSizeForms}`) ?? 0n,
    cpuMillis: limits.read('cpu', ofTextOrNumber(parseCpuMillis), `a number of CPUs such as ${cpuForms}`) ?? 0,
    pids: limits.count('pids'),
  };
  limits.end();
  return read;
}

export function writeLimits(limits: runtime.ResourceLimits | undefined): object | undefined {
  if (!limits) return undefined;
  const { memoryBytes, cpuMillis, pids } = limits;
  const memory = memoryBytes === 0n ? undefined : exactByteSize(memoryBytes);
  return withoutDefaults({ memory, cpu: cpuMillis / 1000, pids });
}

/** `ulimits = { nofile = "1024:4096", core = "unlimited" }`, or a list of strings as `--ulimit` takes them */
export function readProcessLimits(table: Table): runtime.ProcessLimit[] {
  const read = (value: unknown) => {
    const texts = isTable(value)
      ? Object.entries(value).map(([name, limit]) => `${name}=${shown(limit)}`)
      : asTexts(value);
    const limits = texts?.map(parseProcessLimit);
    return limits === undefined || limits.includes(undefined) ? undefined : (limits as runtime.ProcessLimit[]);
  };
  return table.read('ulimits', read, `a table { nofile = "1024:4096" }, or a list of ${processLimitForms}`) ?? [];
}

/** A name may stand there twice, which a table cannot say. */
export function writeProcessLimits(limits: readonly runtime.ProcessLimit[]): object {
  const entries = limits.map(({ name, soft, hard }) => [name, limitText(soft, hard)] as const);
  const isTableOfThem = new Set(entries.map(([name]) => name)).size === entries.length;
  return isTableOfThem ? Object.fromEntries(entries) : entries.map((entry) => entry.join('='));
}

function limitText(soft: bigint, hard: bigint): string {
  return soft === hard ? amountText(soft) : `${amountText(soft)}:${amountText(hard)}`;
}

function amountText(amount: bigint): string {
  return amount === unlimited ? 'unlimited' : String(amount);
}

function ofTextOrNumber<Value>(parse: (text: string) => Value | undefined) {
  return (value: unknown) => (isText(value) || typeof value === 'number' ? parse(String(value)) : undefined);
}

function shown(limit: unknown): string {
  return isText(limit) || typeof limit === 'number' ? String(limit) : '';
}
