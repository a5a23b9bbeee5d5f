import { runtime, type schedule } from '@aurae/proto';
import fc from 'fast-check';

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
// What comes over the wire is UTF-8, so that no text has half of a pair of surrogates.
const text = fc.string({ unit: 'binary' });
const someText = fc.string({ unit: 'binary', minLength: 1 });
const plainWord = fc.stringMatching(/^[a-z][a-z0-9.-]{0,9}$/);
const map = fc.dictionary(fc.oneof(plainWord, text), text).filter((entries) => !Object.hasOwn(entries, '__proto__'));
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const name = fc.oneof(plainWord, someText);
const meta = fc.record({ name, message: fc.constant('') });
const port = fc.integer({ min: 0, max: 65_535 });
const host = fc.oneof(plainWord, fc.ipV4(), fc.ipV6(), text);

const restart: fc.Arbitrary<runtime.RestartPolicy> = fc.record({
  mode: fc.constantFrom(0, 1, 2),
  maxRestarts: fc.oneof(fc.constant(0), uint32),
  firstPauseMs: fc.oneof(fc.constant(0), uint32),
  longestPauseMs: fc.oneof(fc.constant(0), uint32),
  stableAfterMs: fc.oneof(fc.constant(0), uint32),
});

const timer: fc.Arbitrary<runtime.Timer> = fc.record({
  when: fc.oneof(
    fc.record({ $case: fc.constant('cron' as const), value: fc.record({ expression: someText, timeZone: text }) }),
    fc.record({ $case: fc.constant('intervalMs' as const), value: fc.bigInt({ min: 1n, max: 2n ** 53n - 1n }) }),
  ),
  missed: fc.constantFrom(0, 1),
});

const dependency: fc.Arbitrary<runtime.Dependency> = fc.record({
  workload: fc.record({ kind: fc.constantFrom(0, 1, 2, 3), name }),
  condition: fc.constantFrom(0, 1, 2),
});

const tcp = fc.record({ host, port });
const livenessChecks = [
  fc.record({
    $case: fc.constant('http' as const),
    value: fc.record({ host, port, path: fc.oneof(fc.constant('/x'), text), tls: fc.boolean() }),
  }),
  fc.record({ $case: fc.constant('tcp' as const), value: tcp }),
  fc.record({
    $case: fc.constant('exec' as const),
    value: fc.record({
      argv: fc.oneof(fc.array(text, { minLength: 1 }), fc.tuple(fc.constant('/bin/sh'), fc.constant('-c'), text)),
    }),
  }),
] as const;
const logCheck = fc.record({
  $case: fc.constant('log' as const),
  value: fc.record({ pattern: text, channel: fc.constantFrom('', 'stdout', 'stderr') }),
});
const questions = { initialDelayMs: uint32, intervalMs: uint32, timeoutMs: uint32 };
const readiness: fc.Arbitrary<runtime.Probe> = fc.record({
  check: fc.oneof(...livenessChecks, logCheck),
  ...questions,
  failureThreshold: fc.constant(0),
});
const liveness: fc.Arbitrary<runtime.Probe> = fc.record({
  check: fc.oneof(...livenessChecks),
  ...questions,
  failureThreshold: uint32,
});

const criteria: fc.Arbitrary<runtime.RunCriteria | undefined> = fc
  .record({
    timer: optional(timer),
    after: fc.array(dependency, { maxLength: 3 }),
    readiness: optional(readiness),
    readyWithinMs: uint32,
    liveness: optional(liveness),
  })
  .map((all) => ({ ...all, readyWithinMs: all.readiness ? all.readyWithinMs : 0 }))
  .map((all) => (all.timer || all.after.length > 0 || all.readiness || all.liveness ? all : undefined));

const whatToRun = fc.oneof(
  fc.record({ command: someText.filter((command) => command.trim() !== ''), argv: fc.constant<string[]>([]) }),
  fc.record({ command: text, argv: fc.array(text, { minLength: 1 }) }),
);

const executable = fc
  .record({
    meta: optional(meta),
    comment: text,
    env: map,
    cwd: fc.oneof(
      fc.constant(''),
      text.map((path) => `/${path}`),
    ),
    user: text,
    limits: optional(fc.record({ memoryBytes: uint64, cpuMillis: uint32, pids: uint32 })),
    terminal: optional(fc.record({ rows: uint32, columns: uint32 })),
    stdin: fc.boolean(),
    stopSignal: fc.constantFrom('', 'TERM', 'SIGQUIT', '9'),
    stopGracePeriodMs: uint32,
    restart: optional(restart),
    processLimits: fc.array(
      fc
        .record({ name: fc.constantFrom('nofile', 'core', 'stack'), soft: uint64, hard: uint64 })
        .map(({ name: limit, soft, hard }) => ({ name: limit, soft: soft < hard ? soft : hard, hard })),
      { maxLength: 4 },
    ),
    umask: fc.constantFrom('', '027', '0022'),
    criteria,
    labels: map,
  })
  .chain((rest) => whatToRun.map((command) => runtime.Executable.fromPartial({ ...rest, ...command })));

const imageWorkload = fc
  .record({ meta: optional(meta), name: text, image: someText, restart: optional(restart), criteria, labels: map })
  .filter(({ meta: given, name: own }) => given !== undefined || own !== '')
  .map((workload) => runtime.Container.fromPartial(workload));

/** Any record that a schedule may have. */
export const anyRecord: fc.Arbitrary<schedule.ScheduleRecord> = fc.record({
  workload: fc.oneof(
    fc.record({ $case: fc.constant('executable' as const), value: executable }),
    fc.record({ $case: fc.constant('container' as const), value: imageWorkload }),
    fc.record({ $case: fc.constant('instance' as const), value: imageWorkload }),
  ),
  disabled: fc.boolean(),
});
