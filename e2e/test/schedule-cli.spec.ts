import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './auraed-fixture.js';
import { ScheduleFixture } from './schedule-fixture.js';

let fixture: ScheduleFixture;
beforeAll(async () => {
  fixture = new ScheduleFixture();
  await fixture.start();
});
afterAll(() => fixture[Symbol.asyncDispose]());
afterEach(async () => {
  const names = (await shown()).map(({ name }) => name);
  if (names.length > 0) expect(await fixture.aurae('destroy', ...names)).toMatchObject({ code: 0 });
  await fixture.leavesNothing();
});

interface ShownWorkload {
  readonly workload: { readonly name: string };
  readonly enabled?: boolean;
  readonly status: string;
}

async function shown() {
  const { stdout } = await fixture.aurae('schedule', '--output', 'json');
  const { workloads = [] } = JSON.parse(stdout) as { workloads?: ShownWorkload[] };
  return workloads.map(({ workload, status }) => ({ name: workload.name, status }));
}

function enable(name: string, ...args: string[]) {
  const variables = Object.entries(fixture.sleeper(name).env ?? {}).flatMap(([key, value]) => [
    '-e',
    `${key}=${value}`,
  ]);
  return fixture.aurae('enable', '--name', name, ...variables, ...args);
}

describe('the command line', () => {
  it('enables, shows, explains, disables and destroys', async () => {
    expect(await enable('web', '--restart', 'always', '--', 'sleep', '100000')).toMatchObject({ code: 0, stderr: '' });
    expect(fixture.runningOf('web')).toHaveLength(1);
    expect(await shown()).toEqual([{ name: 'web', status: 'STATUS_ACTIVE' }]);
    expect((await fixture.aurae('schedule')).stdout).toMatch(/● *web .*\b/);

    expect(await fixture.aurae('kill', 'web')).toMatchObject({ code: 0 });
    await eventually(async () => /restarted/.test((await fixture.aurae('why', 'web')).stdout));
    expect((await fixture.aurae('why', 'web')).stdout).toMatch(/enabled[^]*signal 9[^]*restarted/);

    expect(await fixture.aurae('disable', 'web')).toMatchObject({ code: 0, stderr: '' });
    expect(await shown()).toEqual([{ name: 'web', status: 'STATUS_PASSIVE' }]);
    expect(fixture.runningOf('web')).toEqual([]);
    expect(await fixture.aurae('enable', 'web')).toMatchObject({ code: 0, stderr: '' });
    expect(fixture.runningOf('web')).toHaveLength(1);

    expect(await fixture.aurae('destroy', 'web')).toMatchObject({ code: 0, stderr: '' });
    expect(await shown()).toEqual([]);
    expect(fixture.runningOf('web')).toEqual([]);
  });

  it('tells what cannot run, and what is not there', async () => {
    const refused = await enable('broken', '--', '/no/such/program');
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('/no/such/program') });
    for (const command of ['disable', 'why', 'enable']) {
      expect(await fixture.aurae(command, 'nobody'), command).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('nobody'),
      });
    }
    expect(await shown()).toEqual([]);
  });

  it('shows at a glance what is not well, and why', async () => {
    expect(await enable('job', '--', 'sh', '-c', 'exit 7')).toMatchObject({ code: 0 });
    await eventually(async () => (await shown())[0]?.status === 'STATUS_ERROR');
    expect((await fixture.aurae('schedule', '--failed')).stdout).toMatch(/✗ *job .*exited \(7\)/);
    expect((await fixture.aurae('why', 'job')).stdout).toContain('exited with 7');
  });
});

describe('a directory of workload files', () => {
  const write = (name: string, text: string): string => {
    const directory = join(fixture.root, 'workloads');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, name), text);
    return directory;
  };
  const file = (name: string, argv: readonly string[], more = '') => {
    const env = Object.entries(fixture.sleeper(name).env ?? {}).map(([key, value]) => `${key} = "${value}"`);
    return `name = "${name}"\nargv = ${JSON.stringify(argv)}\n${more}\nenv = { ${env.join(', ')} }\n`;
  };

  it('is compared, applied, changed, pruned, and comes to another node whole', async () => {
    const directory = write('db.toml', file('db', ['sleep', '100000']));
    write('web.toml', file('web', ['sleep', '100000'], 'after = ["db"]'));
    const planned = await fixture.aurae('apply', '-f', directory, '--dry-run');
    expect(planned).toMatchObject({ code: 0, stderr: '' });
    expect(planned.stdout).toMatch(/\+ *db[^]*\+ *web/);
    expect(await shown()).toEqual([]);

    expect(await fixture.aurae('apply', '-f', directory)).toMatchObject({ code: 0, stderr: '' });
    await eventually(() => fixture.running().length === 2);
    const before = fixture.running();
    expect((await fixture.aurae('apply', '-f', directory)).stdout).not.toMatch(/^ *[+~-] /m);
    expect(fixture.running()).toEqual(before);

    write('web.toml', file('web', ['sleep', '200000'], 'after = ["db"]'));
    expect((await fixture.aurae('apply', '-f', directory)).stdout).toMatch(/~ *web.*argv/);
    await eventually(() => fixture.runningOf('web')[0]?.argv[1] === '200000');
    expect(fixture.runningOf('db')).toEqual(before.filter(({ name }) => name === 'db'));

    const copy = join(fixture.root, 'node.toml');
    expect(await fixture.aurae('schedule', 'export', '-o', copy)).toMatchObject({ code: 0, stderr: '' });
    await using other = new ScheduleFixture();
    await other.start();
    // What runs there bears the marks of here, and so is counted here.
    expect(await other.aurae('schedule', 'import', copy)).toMatchObject({ code: 0, stderr: '' });
    await eventually(() => fixture.running().length === 4);
    const exported = await other.aurae('schedule', 'export');
    expect(exported.stdout).toBe(readFileSync(copy, 'utf8'));
    expect(await other.aurae('destroy', 'web', 'db')).toMatchObject({ code: 0 });

    const pruned = await fixture.aurae('apply', '-f', join(directory, 'db.toml'), '--prune');
    expect(pruned.stdout).toMatch(/- *web/);
    expect(await shown()).toEqual([{ name: 'db', status: 'STATUS_ACTIVE' }]);
    await eventually(() => fixture.running().length === 1);
  });
});
