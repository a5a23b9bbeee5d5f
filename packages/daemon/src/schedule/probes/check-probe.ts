import { isIP, isIPv6 } from 'node:net';
import { type FieldViolation, InvalidSpecError, type runtime } from '@aurae/proto';
import { probeHost } from './probe-endpoint.js';
import { linearPattern } from './regular-expression.js';

export type ProbeUse = 'readiness' | 'liveness';

const shortestIntervalMs = 10;
const longestTimeMs = 3_600_000;
const highestPort = 65_535;
const longestHost = 253;
const longestPath = 4096;
const longestArgvBytes = 128 * 1024;

/**
 * Throws `InvalidSpecError` for a probe that cannot be right, with everything that is wrong with it.
 *
 * @param field path of the probe, as the wire names it: `criteria.readiness`
 */
export function checkProbe(probe: runtime.Probe, field: string, use: ProbeUse): void {
  const violations = [...checkFaults(probe.check, use), ...timeFaults(probe), ...thresholdFaults(probe, use)].map(
    (violation) => ({ ...violation, field: `${field}${violation.field}` }),
  );
  if (violations.length === 0) return;
  const descriptions = violations.map(({ description }) => description);
  throw new InvalidSpecError(`Cannot use the ${use} probe: ${descriptions.join('; ')}`, violations);
}

function checkFaults(check: runtime.Probe['check'], use: ProbeUse): FieldViolation[] {
  switch (check?.$case) {
    case 'exec':
      return execFaults(check.value);
    case 'tcp':
      return [...hostFaults('.tcp.host', check.value.host), ...portFaults('.tcp.port', check.value.port)];
    case 'http':
      return httpFaults(check.value);
    case 'log':
      return logFaults(check.value, use);
    default:
      return fault(
        '',
        `a ${use} probe needs a check: ${use === 'readiness' ? 'exec, tcp, http or log' : 'exec, tcp or http'}`,
      );
  }
}

function execFaults({ argv }: runtime.ExecProbe): FieldViolation[] {
  const [program] = argv;
  if (program === undefined || program === '') return fault('.exec.argv', 'the command of the probe is empty');
  if (argv.some((word) => word.includes('\0'))) {
    return fault('.exec.argv', 'the command of the probe has a NUL character in it; no program can be given one');
  }
  const bytes = argv.reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0);
  if (bytes <= longestArgvBytes) return [];
  return fault('.exec.argv', `the command of the probe has ${bytes} bytes; at most ${longestArgvBytes} are allowed`);
}

function httpFaults({ host, port, path }: runtime.HttpProbe): FieldViolation[] {
  return [...hostFaults('.http.host', host), ...portFaults('.http.port', port), ...pathFaults('.http.path', path)];
}

function hostFaults(field: string, host: string): FieldViolation[] {
  const name = probeHost(host);
  const right = host.startsWith('[') ? isIPv6(name) : isIP(name) !== 0 || isHostName(name);
  if (right) return [];
  return fault(
    field,
    `the host ${shown(host)} is neither a name, as in "localhost", nor an address, as in "127.0.0.1" or "::1"`,
  );
}

function isHostName(name: string): boolean {
  // All digits and dots would be an address, and it is none.
  return name.length <= longestHost && /^[\w-]+(\.[\w-]+)*\.?$/.test(name) && !/^[\d.]+$/.test(name);
}

function portFaults(field: string, port: number): FieldViolation[] {
  if (port >= 1 && port <= highestPort) return [];
  return fault(field, `the port is ${port}; 1 to ${highestPort} are allowed`);
}

function pathFaults(field: string, path: string): FieldViolation[] {
  if (path === '') return [];
  if (!path.startsWith('/')) return fault(field, `the path ${shown(path)} must begin with "/"`);
  if (path.length > longestPath) {
    return fault(field, `the path has ${path.length} characters; at most ${longestPath} are allowed`);
  }
  if (/^[\x21-\x7e]*$/.test(path)) return [];
  return fault(field, `the path ${shown(path)} has blanks or characters in it that must be written as in "%20"`);
}

function logFaults({ pattern, channel }: runtime.LogProbe, use: ProbeUse): FieldViolation[] {
  if (use === 'liveness') {
    return fault('.log', 'a log tells when a workload is ready, not whether it still lives; use exec, tcp or http');
  }
  return [...patternFaults(pattern), ...channelFaults(channel)];
}

function patternFaults(pattern: string): FieldViolation[] {
  if (pattern === '') return fault('.log.pattern', 'the pattern is empty; use one as in "listening on port [0-9]+"');
  try {
    linearPattern(pattern);
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return fault('.log.pattern', `the pattern ${shown(pattern)} is no regular expression of RE2: ${reason}`);
  }
}

function channelFaults(channel: string): FieldViolation[] {
  if (['', 'stdout', 'stderr'].includes(channel)) return [];
  return fault('.log.channel', `there is no channel ${shown(channel)}; use "stdout", "stderr" or none for both`);
}

function timeFaults({ initialDelayMs, intervalMs, timeoutMs }: runtime.Probe): FieldViolation[] {
  return [
    ...timeFault('.initial_delay_ms', 'initial delay', initialDelayMs, 0),
    ...timeFault('.interval_ms', 'interval', intervalMs, shortestIntervalMs),
    ...timeFault('.timeout_ms', 'timeout', timeoutMs, 1),
  ];
}

/** 0 means the default, and is always right. */
function timeFault(field: string, name: string, milliseconds: number, shortestMs: number): FieldViolation[] {
  if (milliseconds === 0 || (milliseconds >= shortestMs && milliseconds <= longestTimeMs)) return [];
  return fault(
    field,
    `the ${name} is ${milliseconds} ms; ${shortestMs} ms to ${longestTimeMs} ms (one hour) are allowed`,
  );
}

function thresholdFaults({ failureThreshold }: runtime.Probe, use: ProbeUse): FieldViolation[] {
  if (use === 'liveness' || failureThreshold === 0) return [];
  return fault('.failure_threshold', 'a failure threshold is for liveness; readiness is asked for until it passes');
}

function fault(field: string, description: string): FieldViolation[] {
  return [{ field, description }];
}

function shown(value: string): string {
  return JSON.stringify(value.length <= 200 ? value : `${value.slice(0, 200)}…`);
}
