import type { AuraeClient } from '@aurae/client';
import { AlreadyExistsError, FailedPreconditionError, InvalidSpecError, NotFoundError } from '@aurae/proto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ExecutableSpec, ScheduleFixture, shownSchedule } from './schedule-fixture.js';

let fixture: ScheduleFixture;
let client: AuraeClient;
beforeAll(async () => {
  fixture = new ScheduleFixture();
  await fixture.start();
  client = fixture.client();
});
afterAll(() => fixture[Symbol.asyncDispose]());
afterEach(async () => {
  for (const name of (await shownSchedule(client)).keys()) await client.scheduleExecutable.destroy({ meta: { name } });
  await fixture.leavesNothing();
});

const enable = (spec: ExecutableSpec) => client.scheduleExecutable.enable(spec);
const onCron = (expression: string) => ({ timer: { when: { $case: 'cron' as const, value: { expression } } } });
const afterNames = (...names: string[]) => ({ after: names.map((name) => ({ workload: { name } })) });

describe('what cannot run', () => {
  it.each([
    [{ argv: ['/no/such/program'] }, '/no/such/program'],
    [{ command: 'no-such-command --flag' }, 'no-such-command'],
    [{ argv: ['/etc/passwd'] }, '/etc/passwd'],
    [{ argv: ['sleep', '1'], cwd: '/no/such/dir' }, '/no/such/dir'],
    [{ argv: ['sleep', '1'], user: 'nosuchuser' }, 'nosuchuser'],
  ])('as %j is FAILED_PRECONDITION, and nothing of it is kept', async (spec, named) => {
    const refusal = enable({ ...spec, meta: { name: 'broken' } });
    await expect(refusal).rejects.toThrow(FailedPreconditionError);
    await expect(refusal).rejects.toThrow(named);
    expect(await shownSchedule(client)).toEqual(new Map());
  });

  it('does not take the place of what runs', async () => {
    await enable(fixture.sleeper('web'));
    const before = [await shownSchedule(client), fixture.runningOf('web')];
    await expect(enable(fixture.spec('web', ['/no/such/program']))).rejects.toThrow(FailedPreconditionError);
    expect([await shownSchedule(client), fixture.runningOf('web')]).toEqual(before);
  });
});

describe('what cannot be right', () => {
  it('a cycle is printed, and everything stays as it was', async () => {
    await enable(fixture.sleeper('db'));
    await enable(fixture.sleeper('web', { criteria: afterNames('db') }));
    await enable(fixture.sleeper('proxy', { criteria: afterNames('web') }));
    const before = await shownSchedule(client);
    const refusal = enable(fixture.sleeper('db', { criteria: afterNames('proxy') }));
    await expect(refusal).rejects.toThrow(InvalidSpecError);
    await expect(refusal).rejects.toThrow('"db" → "proxy" → "web" → "db"');
    expect(await shownSchedule(client)).toEqual(before);
    await expect(enable(fixture.sleeper('self', { criteria: afterNames('self') }))).rejects.toThrow('"self" → "self"');
  });

  it.each([
    ['0 25 * * *', '25'],
    ['* * * foo *', 'foo'],
    ['61 * * * * *', '61'],
  ])('the cron line %j is refused with the place of the error', async (expression, wrong) => {
    const refusal = enable(fixture.sleeper('job', { criteria: onCron(expression) }));
    await expect(refusal).rejects.toThrow(InvalidSpecError);
    await expect(refusal).rejects.toThrow(wrong);
    await expect(refusal).rejects.toThrow(String(expression.indexOf(wrong) + 1));
  });

  it.each<[string, ExecutableSpec, string]>([
    ['no name', { argv: [] }, 'name'],
    ['a label of the daemon', { labels: { 'aurae.schedule': 'x' } }, 'aurae.'],
    ['always and a timer', { restart: { mode: 2 }, criteria: onCron('@daily') }, 'timer'],
    ['a readiness limit without a probe', { criteria: { readyWithinMs: 10 } }, 'readiness'],
    ['a name with a path', { meta: { name: '../up' } }, '../up'],
  ])('%s is INVALID_ARGUMENT', async (_, spec, named) => {
    const whole = spec.argv ? spec : { ...fixture.sleeper('odd'), ...spec };
    const refusal = enable(whole);
    await expect(refusal).rejects.toThrow(InvalidSpecError);
    await expect(refusal).rejects.toThrow(named);
    expect(await shownSchedule(client)).toEqual(new Map());
  });
});

describe('what is not there', () => {
  it('is NOT_FOUND to disable, and nothing to destroy', async () => {
    await expect(client.scheduleExecutable.disable({ meta: { name: 'nobody' } })).rejects.toThrow(NotFoundError);
    await expect(client.scheduleExecutable.destroy({ meta: { name: 'nobody' } })).resolves.toMatchObject({
      meta: { name: 'nobody' },
    });
  });
});

describe('a name in two hands', () => {
  it('of one that was started without the schedule is not enabled, and not touched', async () => {
    await client.runtime.executableStart(fixture.sleeper('foreign'));
    const before = fixture.runningOf('foreign');
    await expect(enable(fixture.sleeper('foreign'))).rejects.toThrow(AlreadyExistsError);
    expect(fixture.runningOf('foreign')).toEqual(before);
    await client.runtime.executableStop({ meta: { name: 'foreign' } });
    await client.runtime.executableRemove({ meta: { name: 'foreign' } });
  });

  it('of a scheduled one is not started by hand', async () => {
    await enable(fixture.sleeper('web'));
    await expect(client.runtime.executableStart(fixture.sleeper('web'))).rejects.toThrow(FailedPreconditionError);
    expect(fixture.runningOf('web')).toHaveLength(1);
  });

  it('enabled and destroyed at once is there whole or not at all, many times', async () => {
    for (let round = 0; round < 30; round++) {
      const starting = () => enable(fixture.sleeper('contested'));
      const ending = () => client.scheduleExecutable.destroy({ meta: { name: 'contested' } });
      const steps: (() => Promise<unknown>)[] = round % 2 === 0 ? [starting, ending] : [ending, starting];
      await Promise.all(steps.map((step) => step()));
      const isThere = (await shownSchedule(client)).size === 1;
      expect(fixture.runningOf('contested')).toHaveLength(isThere ? 1 : 0);
    }
  });
});
