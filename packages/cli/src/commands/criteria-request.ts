import type { runtime } from '@aurae/proto';
import { UsageError } from '../failures.js';

/** What `addCriteriaOptions` adds. Durations are milliseconds. */
export interface CriteriaOptions {
  readonly restart?: runtime.RestartPolicy;
  readonly restartPause?: number;
  readonly restartLongestPause?: number;
  readonly stableAfter?: number;
  readonly after?: readonly runtime.Dependency[];
  readonly every?: number;
  readonly cron?: string;
  readonly timeZone?: string;
  readonly missed?: 'skip' | 'once';
  readonly readyHttp?: runtime.HttpProbe;
  readonly readyTcp?: runtime.TcpProbe;
  readonly readyExec?: string;
  readonly readyLog?: string;
  readonly readyWithin?: number;
  readonly readyInterval?: number;
  readonly readyTimeout?: number;
  readonly aliveHttp?: runtime.HttpProbe;
  readonly aliveTcp?: runtime.TcpProbe;
  readonly aliveExec?: string;
  readonly aliveInterval?: number;
  readonly aliveTimeout?: number;
  readonly aliveThreshold?: number;
}

type Check = NonNullable<runtime.Probe['check']>;
type Flagged = Partial<Readonly<Record<string, unknown>>>;

/** The restart policy that `aurae enable` asks for. */
export function restartRequest(options: CriteriaOptions): runtime.RestartPolicy | undefined {
  const { restart, restartPause = 0, restartLongestPause = 0, stableAfter = 0 } = options;
  const pauses = {
    '--restart-pause': options.restartPause,
    '--restart-longest-pause': options.restartLongestPause,
    '--stable-after': options.stableAfter,
  };
  if (!restart?.mode) refuseWithout('--restart on-failure or --restart always', pauses);
  return (
    restart && {
      ...restart,
      firstPauseMs: restartPause,
      longestPauseMs: restartLongestPause,
      stableAfterMs: stableAfter,
    }
  );
}

/** The criteria that `aurae enable` asks for; undefined when it names none. */
export function criteriaRequest(options: CriteriaOptions): runtime.RunCriteria | undefined {
  const criteria: runtime.RunCriteria = {
    timer: timerRequest(options),
    after: [...(options.after ?? [])],
    readiness: readinessRequest(options),
    readyWithinMs: options.readyWithin ?? 0,
    liveness: livenessRequest(options),
  };
  const { timer, after, readiness, liveness } = criteria;
  return timer || after.length > 0 || readiness || liveness ? criteria : undefined;
}

function timerRequest({ every, cron, timeZone, missed }: CriteriaOptions): runtime.Timer | undefined {
  if (cron === undefined) refuseWithout('--cron', { '--time-zone': timeZone });
  if (every !== undefined && cron !== undefined) throw new UsageError('give either --every or --cron, not both');
  const missedRuns = missed === 'once' ? 1 : 0;
  if (cron !== undefined) {
    return {
      when: { $case: 'cron', value: { expression: cron, timeZone: timeZone ?? '' } },
      missed: missedRuns,
    };
  }
  if (every !== undefined) return { when: { $case: 'intervalMs', value: BigInt(every) }, missed: missedRuns };
  refuseWithout('--every or --cron', { '--missed': missed });
  return undefined;
}

function readinessRequest(options: CriteriaOptions): runtime.Probe | undefined {
  const { readyHttp, readyTcp, readyExec, readyLog, readyWithin, readyInterval, readyTimeout } = options;
  const check = onlyCheck({
    '--ready-http': readyHttp && { $case: 'http', value: readyHttp },
    '--ready-tcp': readyTcp && { $case: 'tcp', value: readyTcp },
    '--ready-exec': execCheck(readyExec),
    '--ready-log': readyLog === undefined ? undefined : { $case: 'log', value: { pattern: readyLog, channel: '' } },
  });
  if (!check) {
    refuseWithout('--ready-http, --ready-tcp, --ready-exec or --ready-log', {
      '--ready-within': readyWithin,
      '--ready-interval': readyInterval,
      '--ready-timeout': readyTimeout,
    });
  }
  return check && probeOf(check, readyInterval, readyTimeout);
}

function livenessRequest(options: CriteriaOptions): runtime.Probe | undefined {
  const { aliveHttp, aliveTcp, aliveExec, aliveInterval, aliveTimeout, aliveThreshold } = options;
  const check = onlyCheck({
    '--alive-http': aliveHttp && { $case: 'http', value: aliveHttp },
    '--alive-tcp': aliveTcp && { $case: 'tcp', value: aliveTcp },
    '--alive-exec': execCheck(aliveExec),
  });
  if (!check) {
    refuseWithout('--alive-http, --alive-tcp or --alive-exec', {
      '--alive-interval': aliveInterval,
      '--alive-timeout': aliveTimeout,
      '--alive-threshold': aliveThreshold,
    });
  }
  return check && probeOf(check, aliveInterval, aliveTimeout, aliveThreshold);
}

function execCheck(command: string | undefined): Check | undefined {
  return command === undefined ? undefined : { $case: 'exec', value: { argv: ['/bin/sh', '-c', command] } };
}

function probeOf(check: Check, intervalMs = 0, timeoutMs = 0, failureThreshold = 0): runtime.Probe {
  return { check, initialDelayMs: 0, intervalMs, timeoutMs, failureThreshold };
}

function onlyCheck(checks: Readonly<Record<string, Check | undefined>>): Check | undefined {
  const [first, second] = Object.entries(checks).flatMap(([flag, check]) => (check ? [{ flag, check }] : []));
  if (first && second) throw new UsageError(`give either ${first.flag} or ${second.flag}, not both`);
  return first?.check;
}

/** An option that says nothing without another one is a mistake. */
function refuseWithout(needed: string, given: Flagged): void {
  const flag = Object.keys(given).find((name) => given[name] !== undefined);
  if (flag !== undefined) throw new UsageError(`option ${flag} goes with ${needed}, which is missing`);
}
