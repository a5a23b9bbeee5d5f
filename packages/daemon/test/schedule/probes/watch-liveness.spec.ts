import { expect, test } from 'vitest';
import { answers, execProbe, httpProbe, ProbedRun } from './probe-fixture.js';
import { httpServer } from './probed-server.js';

const exec = execProbe('check');

test('tells the reason once it has failed three times in a row', async () => {
  const server = await httpServer((_, response) => response.writeHead(503).end());
  const run = new ProbedRun();
  const unwell = run.unwell(httpProbe(server.port, { path: '/healthz' }));
  for (let failures = 1; failures <= 2; failures += 1) {
    await run.untilFailures(failures);
    await run.clock.advanceAsync(9999);
    expect(run.failures).toHaveLength(failures);
    run.clock.advance(1);
  }
  expect(await unwell).toBe(`GET http://127.0.0.1:${server.port}/healthz answered 503, 3 times in a row`);
  await server.untilNoneIsOpen();
  expect(run.clock.waiting).toBe(0);
});

test('a good answer ends a row of bad ones', async () => {
  const run = new ProbedRun();
  run.exec = answers('bad', 'bad', undefined, 'bad', 'bad', undefined, 'bad', 'bad', 'worse');
  let reason = '';
  run.unwell({ ...exec, intervalMs: 100 }).then((told) => (reason = told), expect.unreachable);
  await run.clock.advanceAsync(799);
  expect(reason).toBe('');
  await run.clock.advanceAsync(1);
  expect(reason).toBe('worse, 3 times in a row');
});

test('one bad answer is enough where it was asked for', async () => {
  const run = new ProbedRun();
  run.exec = answers('bad');
  expect(await Promise.all([run.unwell({ ...exec, failureThreshold: 1 }), run.clock.advanceAsync(0)])).toEqual([
    'bad',
    undefined,
  ]);
});

test('a question without an answer is a bad one', async () => {
  const run = new ProbedRun();
  run.exec = (_, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const unwell = run.unwell({ ...exec, intervalMs: 100, timeoutMs: 250, failureThreshold: 2 });
  await run.clock.advanceAsync(600);
  expect(await unwell).toBe('the command "check" did not answer within 250 ms, 2 times in a row');
});

test.each(['question', 'interval'])('an abort during the %s leaves nothing behind', async (during) => {
  const run = new ProbedRun();
  const isOver: boolean[] = [];
  run.exec = async (_, signal) => {
    if (during === 'interval') return 'bad';
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    isOver.push(true);
    return 'aborted';
  };
  const unwell = run.unwell(exec);
  await run.clock.advanceAsync(0);
  const reason = new Error('stopped');
  run.ending.abort(reason);
  await expect(unwell).rejects.toBe(reason);
  expect(isOver).toEqual(during === 'question' ? [true] : []);
  expect(run.clock.waiting).toBe(0);
});
