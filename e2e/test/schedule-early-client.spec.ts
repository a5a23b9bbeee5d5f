import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Ended, Program } from './auraed-fixture.js';
import { shimsOf } from './executables-fixture.js';
import { ScheduleFixture } from './schedule-fixture.js';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const buf = join(repository, 'node_modules/.bin/buf');
/** The messages as they were at first: nothing of what was added is known to such a client. */
const earlyMessages = join(repository, 'packages/proto/baseline');
const command = 'sleep 100000 # early';

let fixture: ScheduleFixture;
beforeAll(async () => {
  fixture = new ScheduleFixture();
  await fixture.start();
});
afterAll(() => fixture[Symbol.asyncDispose]());
afterEach(() => fixture.leavesNothing());

function call(method: string, request: object = {}): Promise<Ended> {
  const flags = [
    ...['curl', '--schema', earlyMessages, '--unix-socket', fixture.socket, '--protocol', 'grpc'],
    ...['--cacert', join(fixture.pkiDir, 'ca.crt')],
    ...['--cert', join(fixture.pkiDir, '_signed.client.admin.crt')],
    ...['--key', join(fixture.pkiDir, 'client.admin.key')],
  ];
  const at = `https://server.unsafe.aurae.io/schedule.${method}`;
  return Program.start(buf, [...flags, '-d', JSON.stringify(request), at], { HOME: fixture.root }).ended;
}

async function commandsOf(method: 'ShowEnabled' | 'ShowDisabled'): Promise<string[]> {
  const { stdout, stderr } = await call(`Schedule/${method}`);
  expect(stderr).toBe('');
  const { Executables = [] } = JSON.parse(stdout) as { Executables?: { command: string }[] };
  return Executables.map((executable) => executable.command);
}

it('a client of the first days enables, sees, disables and destroys an executable by its command alone', async () => {
  expect(readdirSync(earlyMessages)).toContain('schedule.proto');
  const answered = (method: string) => call(`ScheduleExecutable/${method}`, { command });

  expect(await answered('Enable')).toMatchObject({ code: 0, stderr: '' });
  expect(await commandsOf('ShowEnabled')).toEqual([command]);
  expect(await commandsOf('ShowDisabled')).toEqual([]);
  expect(shimsOf(fixture.root)).toHaveLength(1);

  expect(await answered('Disable')).toMatchObject({ code: 0, stderr: '' });
  expect(await commandsOf('ShowEnabled')).toEqual([]);
  expect(await commandsOf('ShowDisabled')).toEqual([command]);
  expect(shimsOf(fixture.root)).toEqual([]);

  for (let times = 0; times < 2; times++) expect(await answered('Enable')).toMatchObject({ code: 0 });
  expect(await commandsOf('ShowEnabled')).toEqual([command]);
  expect(shimsOf(fixture.root)).toHaveLength(1);

  for (let times = 0; times < 2; times++) expect(await answered('Destroy')).toMatchObject({ code: 0 });
  expect([...(await commandsOf('ShowEnabled')), ...(await commandsOf('ShowDisabled'))]).toEqual([]);
  expect(shimsOf(fixture.root)).toEqual([]);
});

it('it finds what a client of these days has enabled, and the other way round', async () => {
  const client = fixture.client();
  await client.scheduleExecutable.enable({ command, env: fixture.env });
  expect(await commandsOf('ShowEnabled')).toEqual([command]);
  expect(await call('ScheduleExecutable/Disable', { command, meta: { name: command } })).toMatchObject({ code: 0 });
  expect((await client.schedule.showDisabled()).workloads).toMatchObject([{ workload: { name: command } }]);
  await client.scheduleExecutable.destroy({ command });
  expect(await commandsOf('ShowDisabled')).toEqual([]);
});

it('what cannot run is told to it with the reason', async () => {
  const { code, stderr } = await call('ScheduleExecutable/Enable', { command: 'no-such-command' });
  expect(code).not.toBe(0);
  expect(JSON.parse(stderr)).toMatchObject({
    code: 'failed_precondition',
    message: expect.stringContaining('no-such-command'),
  });
  expect(await commandsOf('ShowEnabled')).toEqual([]);
});
