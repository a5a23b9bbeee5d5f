/** What a size looks like, for messages. */
export const byteSizeForms = '256M, 1.5G, 512Ki or 1048576; k, M, G and T count in steps of 1024';

const powers: Readonly<Record<string, bigint>> = { '': 0n, k: 1n, m: 2n, g: 3n, t: 4n };
const maximum = 0xffff_ffff_ffff_ffffn;

/** Bytes of a size such as `256M`, `512Ki`, `1.5G` or `4096`, from 1 up. Undefined when it is none. */
export function parseByteSize(text: string): bigint | undefined {
  const [, whole, fraction = '', unit = ''] = /^(\d{1,20})(?:\.(\d{1,9}))?(?:([kmgt])i?)?$/i.exec(text) ?? [];
  if (whole === undefined || (fraction !== '' && unit === '')) return undefined;
  const factor = 1024n ** (powers[unit.toLowerCase()] ?? 0n);
  const bytes = (BigInt(whole + fraction) * factor) / 10n ** BigInt(fraction.length);
  return bytes >= 1n && bytes <= maximum ? bytes : undefined;
}

/** The shortest text that `parseByteSize` reads as exactly so many bytes: `256M`. */
export function exactByteSize(bytes: bigint): string {
  const [unit, power] = Object.entries(powers).findLast(([, exponent]) => bytes % 1024n ** exponent === 0n) ?? ['', 0n];
  return `${bytes / 1024n ** power}${unit === 'k' ? unit : unit.toUpperCase()}`;
}
