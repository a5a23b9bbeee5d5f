/** `… 12 lines lost` */
export function lossText(dropped: bigint): string {
  return `… ${dropped} ${dropped === 1n ? 'line' : 'lines'} lost`;
}
