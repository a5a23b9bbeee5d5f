/** RFC 5424, section 6.2.1, table 2. */
const severities: ReadonlyMap<string, number> = new Map([
  ['fatal', 2],
  ['error', 3],
  ['warn', 4],
  ['info', 6],
  ['debug', 7],
  ['trace', 7],
]);

const error = 3;
const informational = 6;

/** Of a line of a workload, which has no level, the channel decides, as it does with Docker and Podman. */
export function syslogSeverity({ level, channel }: { readonly level: string; readonly channel: string }): number {
  return severities.get(level) ?? (channel === 'stderr' ? error : informational);
}
