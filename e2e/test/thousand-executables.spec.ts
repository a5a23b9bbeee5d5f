import { meta } from '@aurae/proto';
import { expect, it } from 'vitest';
import { childrenOf, isAlive } from './auraed-fixture.js';
import { ExecutablesFixture, nameOf, pidOf, shimsOf } from './executables-fixture.js';

const count = 1000;
const names = Array.from({ length: count }, (_, index) => `sleeper-${index}`);

it('starts 1,000 executables at once, keeps them over a kill of the daemon, and stops them all', async () => {
  await using fixture = new ExecutablesFixture();
  const first = await fixture.start();
  const client = fixture.client();
  const started = await Promise.all(
    names.map((name) =>
      client.runtime.executableStart({ meta: { name }, argv: ['/bin/sleep', '100000'], env: fixture.env }),
    ),
  );
  expect(started.filter(({ status }) => status !== meta.Status.STATUS_ACTIVE)).toEqual([]);
  expect(new Set(started.map(pidOf)).size).toBe(count);
  expect(childrenOf(first.pid)).toEqual([]);

  const listed = (await client.runtime.executableList()).executables;
  expect(new Map(listed.map((status) => [nameOf(status), pidOf(status)]))).toEqual(
    new Map(started.map((status) => [nameOf(status), pidOf(status)])),
  );

  await first.kill('SIGKILL');
  const second = await fixture.start();
  const next = fixture.client();
  const adopted = (await next.runtime.executableList()).executables;
  expect(
    adopted.filter(({ status, proc }) => status !== meta.Status.STATUS_ACTIVE || !isAlive(proc?.pid ?? 0)),
  ).toEqual([]);
  expect(new Set(adopted.map(pidOf))).toEqual(new Set(started.map(pidOf)));

  const stopped = await Promise.all(names.map((name) => next.runtime.executableStop({ meta: { name } })));
  expect(stopped.filter(({ signal, exitCode }) => signal !== 15 || exitCode !== '143')).toEqual([]);
  expect((await next.runtime.executableList()).executables).toEqual([]);
  expect(fixture.leftovers()).toEqual([]);
  expect(shimsOf(fixture.root)).toEqual([]);
  expect(await second.kill('SIGTERM')).toMatchObject({ code: 0 });
}, 120_000);
