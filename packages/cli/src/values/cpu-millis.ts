/** What a share of the processors looks like, for messages. */
export const cpuForms = '0.5, 2 or 500m, which is 500 thousandths of a CPU';

const maximum = 0xffff_ffff;

/** Thousandths of a CPU of `0.5`, `2` or `500m`, from 1 up. Undefined when it is none. */
export function parseCpuMillis(text: string): number | undefined {
  const [, thousandths] = /^(\d{1,10})m$/.exec(text) ?? [];
  const [, whole, fraction = ''] = /^(\d{1,7})(?:\.(\d{1,3}))?$/.exec(text) ?? [];
  const millis = Number(thousandths ?? (whole === undefined ? 0 : whole + fraction.padEnd(3, '0')));
  return millis >= 1 && millis <= maximum ? millis : undefined;
}
