import { connect } from '@aurae/client';
import { expect, it } from 'vitest';
import { AuraedFixture, childrenOf, eventually, isAlive, openDescriptors } from './auraed-fixture.js';

it('serves 1,000 Execs at once and leaves nothing behind', async () => {
  await using fixture = new AuraedFixture();
  const daemon = await fixture.start();
  const client = connect({ root: fixture.root });
  await client.runtime.exec({ command: '/bin/true' });
  const before = openDescriptors(daemon.pid);

  const answers = await Promise.all(
    Array.from({ length: 1000 }, (_, index) =>
      client.runtime.exec({ argv: ['/bin/sh', '-c', `echo ${index}; echo e${index} >&2`] }),
    ),
  );
  answers.forEach(({ stdout, stderr, exitCode }, index) => {
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: `${index}\n`, stderr: `e${index}\n`, exitCode: '0' });
  });
  expect(new Set(answers.map(({ proc }) => proc?.pid)).size).toBe(1000);

  expect(childrenOf(daemon.pid)).toEqual([]);
  await eventually(() => openDescriptors(daemon.pid).length === before.length);
  expect(openDescriptors(daemon.pid)).toEqual(before);
  await client.close();
});

it('serves on after a client that vanished with 100 commands in flight', async () => {
  await using fixture = new AuraedFixture();
  const daemon = await fixture.start();
  const client = connect({ root: fixture.root });
  const controller = new AbortController();
  const calls = Array.from({ length: 100 }, () =>
    client.runtime.exec({ command: 'sleep 1000' }, { signal: controller.signal }).catch(() => 'cancelled'),
  );
  await eventually(() => childrenOf(daemon.pid).length === 100);
  const pids = childrenOf(daemon.pid);
  controller.abort();
  expect(await Promise.all(calls)).toEqual(Array(100).fill('cancelled'));
  await eventually(() => !pids.some(isAlive));
  expect((await client.runtime.exec({ command: 'uname -s' })).stdout).toBe('Linux\n');
  await client.close();
});
