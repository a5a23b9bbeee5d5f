import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { meta } from '@aurae/proto';
import { describe, expect, it } from 'vitest';
import { CallScope, currentCall, currentLogContext, runWithLogContext } from '../../src/logging/log-context.js';
import { keptLog } from './log-lines.js';

const about = { callId: 'c-1', identity: 'spiffe://node/alice', method: 'runtime.Runtime/ExecutableStart' };
const web = { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name: 'web' };

describe('a line of the log', () => {
  it('says on behalf of which call, of whom and of which workload it is, however deep inside', async () => {
    const { log, lines } = keptLog();
    const backend = log.forComponent('executable');
    await new CallScope({ ...about, workload: 'executable/web' }).run(async () => {
      await sleep(1);
      await Promise.all([1, 2].map(async () => backend.info('Started', { pid: 7 })));
    });
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatchObject({ channel: 'executable', fields: { ...about, workload: 'executable/web', pid: 7 } });
  });

  it('outside of any call says nothing of the kind', () => {
    const { log, lines } = keptLog();
    log.info('Serving');
    expect(lines[0]?.fields).toEqual({});
  });

  it('has its own fields win over those around it', () => {
    const { log, lines } = keptLog();
    new CallScope({ ...about, workload: 'executable/web' }).run(() => {
      log.forWorkload({ ...web, name: 'db' }).info('Bound');
      log.forWorkload({ ...web, name: 'db' }).info('Given', { workload: 'executable/cache', callId: 'other' });
    });
    expect(lines[0]?.fields).toEqual({ ...about, workload: 'executable/db' });
    expect(lines[1]?.fields).toEqual({ ...about, callId: 'other', workload: 'executable/cache' });
  });

  it('keeps level, time, component and text, whatever its fields are called', () => {
    const { log, lines } = keptLog();
    log.forComponent('schedule').warn('Text', { level: 'x', time: 1, msg: 'y', component: 'z', fields: 'f' });
    expect(lines[0]).toMatchObject({ channel: 'schedule', level: 'warn', line: 'Text' });
    expect(lines[0]?.timestampMs).toBeGreaterThan(1e12);
    expect(lines[0]?.fields).toEqual({ level: 'x', time: 1, msg: 'y', component: 'z', fields: 'f' });
  });

  it('tells the first word of a command that is the name of a workload, and not its arguments', () => {
    const { log, lines } = keptLog();
    log.forWorkload({ ...web, name: 'mysql -phunter2 db' }).info('Started');
    expect(lines[0]?.fields).toEqual({ workload: 'executable/mysql …' });
  });
});

describe('what surrounds a call', () => {
  it('counts until the call has ended, also for timers and the like that go on after it', async () => {
    const { log, lines } = keptLog();
    const scope = new CallScope(about);
    const goOn = deferred();
    const background = scope.run(async () => {
      log.info('during');
      await goOn.promise;
      log.info('after');
      return currentCall();
    });
    scope.end();
    goOn.resolve();
    expect(await background).toBeUndefined();
    expect(lines.map(({ fields }) => fields)).toEqual([about, {}]);
  });

  it('is told apart from that of a call that goes on at the same time', async () => {
    const seen = await Promise.all(
      ['a', 'b', 'c'].map((callId) =>
        new CallScope({ callId }).run(async () => {
          for (let turn = 0; turn < 5; turn++) await setImmediate();
          return currentLogContext().callId;
        }),
      ),
    );
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it('may learn its workload in the course of the call', () => {
    const scope = new CallScope(about);
    scope.run(() => currentCall()?.noteWorkload('executable/web'));
    expect(scope.run(currentLogContext)).toEqual({ ...about, workload: 'executable/web' });
  });

  it('belongs to background work that the call has begun, for as long as the call lasts, beside its own', async () => {
    const scope = new CallScope({ ...about, workload: 'executable/other' });
    const goOn = deferred();
    const seen: unknown[] = [];
    const background = scope.run(() =>
      runWithLogContext({ workload: 'executable/web' }, async () => {
        seen.push(currentLogContext());
        await goOn.promise;
        seen.push(currentLogContext());
      }),
    );
    scope.end();
    goOn.resolve();
    await background;
    expect(seen).toEqual([{ ...about, workload: 'executable/web' }, { workload: 'executable/web' }]);
  });

  it('does not grow with work that begins itself anew inside of itself, as a supervisor does', () => {
    const inside = (depth: number): unknown =>
      depth === 0
        ? currentLogContext()
        : runWithLogContext({ workload: `executable/w${depth}` }, () => inside(depth - 1));
    expect(new CallScope(about).run(() => inside(1000))).toEqual({ ...about, workload: 'executable/w1' });
  });
});

function deferred() {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
