import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuraeClient } from '@aurae/client';
import { meta, runtime } from '@aurae/proto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from './auraed-fixture.js';
import { freePort } from './free-port.js';
import { powerCut } from './power-cut.js';
import {
  applyAll,
  executableRecord,
  type ExecutableSpec,
  historyOf,
  ScheduleFixture,
  shownEnabled,
  untilStatus,
} from './schedule-fixture.js';

const { STATUS_ACTIVE, STATUS_COMPLETE, STATUS_PASSIVE, STATUS_STANDBY } = meta.Status;
const { DEPENDENCY_CONDITION_COMPLETED, DEPENDENCY_CONDITION_RUNNING } = runtime.DependencyCondition;

let fixture: ScheduleFixture;
let journal: string;
beforeEach(() => {
  fixture = new ScheduleFixture();
  journal = join(fixture.root, 'journal');
  writeFileSync(journal, '');
});
afterEach(() => fixture[Symbol.asyncDispose]());

/** What the workloads say of themselves, in the order in which they say it. */
function said(): string[] {
  return readFileSync(journal, 'utf8').split('\n').filter(Boolean);
}

/** Says that it starts; is prepared for a moment, so that whoever does not wait for it is seen; then goes on. */
function script(name: string, rest: string): string[] {
  return ['/bin/sh', '-c', `echo ${name} starts >> ${journal}; sleep 0.1; echo ${name} is well >> ${journal}; ${rest}`];
}

function after(name: string, condition?: runtime.DependencyCondition) {
  return [{ workload: { name }, ...(condition === undefined ? {} : { condition }) }];
}

const forever = 'exec sleep 100000';

/** Each waits for the one before, by another way to tell that it is well. */
async function chain(): Promise<ExecutableSpec[]> {
  const port = await freePort();
  const listen = `exec perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Listen => 9, ReuseAddr => 1, LocalAddr => "127.0.0.1:${port}") or die; close $s->accept while 1'`;
  const sign = join(fixture.root, 'sign');
  const probe = (readiness: runtime.DeepPartial<runtime.Probe>) => ({ readiness: { intervalMs: 20, ...readiness } });
  return [
    fixture.spec('disk', script('disk', 'exit 0')),
    fixture.spec('base', script('base', `echo now ready; ${forever}`), {
      criteria: {
        after: after('disk', DEPENDENCY_CONDITION_COMPLETED),
        ...probe({ check: { $case: 'log', value: { pattern: '^now ready$', channel: 'stdout' } } }),
      },
    }),
    fixture.spec('net', script('net', listen), {
      criteria: { after: after('base'), ...probe({ check: { $case: 'tcp', value: { port } } }) },
    }),
    fixture.spec(
      'web',
      ['/bin/sh', '-c', `rm -f ${sign}; exec "$@"`, 'sh', ...script('web', `> ${sign}; ${forever}`)],
      {
        criteria: {
          after: after('net'),
          ...probe({ check: { $case: 'exec', value: { argv: ['test', '-e', sign] } } }),
        },
      },
    ),
    fixture.spec('door', script('door', forever), { criteria: { after: after('web') } }),
    fixture.spec('bell', script('bell', forever), { criteria: { after: after('door', DEPENDENCY_CONDITION_RUNNING) } }),
  ];
}

const lastingChain = ['base', 'net', 'web', 'door', 'bell'];

/** Waits until all of the chain runs. */
async function chainRuns(client: AuraeClient): Promise<void> {
  await untilStatus(client, 'disk', STATUS_COMPLETE);
  for (const name of lastingChain) await untilStatus(client, name, STATUS_ACTIVE);
  await eventually(() => ['door', 'bell'].every((name) => said().includes(`${name} is well`)));
}

/** One after the other, but for the last two: nobody waits for the door to be well. */
function expectOrder(): void {
  const lines = said().filter((line) => !/^(tick|once) /.test(line));
  const [ordered, last] = [lines.slice(0, 9), lines.slice(9)];
  expect(ordered).toEqual([
    ...['disk', 'base', 'net', 'web'].flatMap((name) => [`${name} starts`, `${name} is well`]),
    'door starts',
  ]);
  expect(last.sort()).toEqual(['bell is well', 'bell starts', 'door is well']);
}

describe('after the machine was switched off', () => {
  it('everything enabled runs again in its order, and what is disabled or destroyed does not', async () => {
    const first = await fixture.start();
    const client = fixture.client();
    // From the last to the first: nothing of the order comes from the order of the decisions.
    await applyAll(
      client,
      (await chain()).reverse().map((spec) => executableRecord(spec)),
    );
    for (const name of ['off', 'gone']) await client.scheduleExecutable.enable(fixture.sleeper(name));
    await client.scheduleExecutable.disable({ meta: { name: 'off' } });
    await client.scheduleExecutable.destroy({ meta: { name: 'gone' } });
    await chainRuns(client);
    expectOrder();
    const before = new Map((await shownEnabled(client)).entries());

    await powerCut(fixture, first);
    expect(fixture.running()).toEqual([]);
    writeFileSync(journal, '');

    const second = await fixture.start();
    const next = fixture.client();
    await chainRuns(next);
    expectOrder();
    expect(
      fixture
        .running()
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...lastingChain].sort());
    const shown = await shownEnabled(next);
    expect([...shown.keys()]).toEqual([...before.keys()]);
    for (const name of lastingChain) {
      expect(shown.get(name)?.state, name).toMatchObject({ ready: true, message: '', restarts: 0 });
      expect(shown.get(name)?.state.proc?.pid).not.toBe(before.get(name)?.state.proc?.pid);
      expect(shown.get(name)?.state.revision).toBe(before.get(name)?.state.revision);
    }
    const disabled = await next.schedule.showDisabled();
    expect(disabled.workloads).toMatchObject([{ workload: { name: 'off' }, status: STATUS_PASSIVE }]);

    for (const name of [...shown.keys(), 'off']) await next.scheduleExecutable.destroy({ meta: { name } });
    // A shim that was killed had no time to remove what it has reserved for its last word.
    expect(fixture.leftovers().filter((path) => !path.endsWith('/exit.new'))).toEqual([]);
    expect(await second.kill('SIGTERM')).toMatchObject({ code: 0 });
  });

  it('timers go on, what runs once runs once more, and the history tells of both lives', async () => {
    const first = await fixture.start();
    const client = fixture.client();
    const say = (text: string) => ['/bin/sh', '-c', `echo ${text} >> ${journal}`];
    const every = { when: { $case: 'intervalMs' as const, value: 1000n } };
    await client.scheduleExecutable.enable(fixture.spec('tick', say('tick'), { criteria: { timer: every } }));
    await client.scheduleExecutable.enable(fixture.spec('once', say('once')));
    await client.scheduleExecutable.enable(fixture.sleeper('lasting'));
    await untilStatus(client, 'once', STATUS_COMPLETE);
    await eventually(() => said().filter((line) => line === 'tick').length >= 2);
    const { proc } = (await shownEnabled(client)).get('lasting')?.state ?? {};

    await powerCut(fixture, first);
    const ticks = said().filter((line) => line === 'tick').length;
    await fixture.start();
    const next = fixture.client();
    await untilStatus(next, 'lasting', STATUS_ACTIVE);
    await untilStatus(next, 'once', STATUS_COMPLETE);
    await eventually(() => said().filter((line) => line === 'tick').length >= ticks + 2);
    expect(said().filter((line) => line === 'once')).toHaveLength(2);
    const tick = await untilStatus(next, 'tick', STATUS_STANDBY);
    expect(Number(tick.nextStartAtMs)).toBeGreaterThan(Number(tick.decidedAtMs));

    const history = await historyOf(next, 'lasting');
    expect(history.map(({ type }) => type)).toEqual(['enabled', 'started', 'ended', 'started']);
    expect(history[1]).toMatchObject({ proc });
    expect(history[2]?.message).toContain('while the daemon was down');
    expect(history[3]?.message).toContain('daemon');
    expect((await historyOf(next, 'once')).map(({ type }) => type)).toEqual([
      ...['enabled', 'started', 'ended'],
      ...['started', 'ended'],
    ]);
    expect(existsSync(fixture.socket)).toBe(true);
  });
});
