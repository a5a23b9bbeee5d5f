import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuraedFixture, type Ended, Program } from './auraed-fixture.js';

const buf = fileURLToPath(new URL('../../node_modules/.bin/buf', import.meta.url));

let fixture: AuraedFixture;
beforeAll(async () => {
  fixture = new AuraedFixture();
  await fixture.start();
});
afterAll(() => fixture[Symbol.asyncDispose]());

/** `buf curl` knows nothing of this project: it learns all from the server, by reflection. */
function curl(...args: string[]): Promise<Ended> {
  const flags = [
    'curl',
    ...['--unix-socket', fixture.socket, '--protocol', 'grpc'],
    ...['--cacert', join(fixture.pkiDir, 'ca.crt')],
    ...['--cert', join(fixture.pkiDir, '_signed.client.admin.crt')],
    ...['--key', join(fixture.pkiDir, 'client.admin.key')],
  ];
  return Program.start(buf, [...flags, ...args], { HOME: fixture.root }).ended;
}

const at = (method: string) => `https://server.unsafe.aurae.io/${method}`;

describe('a generic gRPC client', () => {
  it('lists the served services by reflection, and no backend contract', async () => {
    const { stdout } = await curl('--list-services', 'https://server.unsafe.aurae.io');
    const services = stdout.trim().split('\n').sort();
    expect(services).toEqual([
      'grpc.health.v1.Health',
      'observe.Observe',
      'runtime.Runtime',
      'schedule.Schedule',
      'schedule.ScheduleContainer',
      'schedule.ScheduleExecutable',
      'schedule.ScheduleInstance',
    ]);
  });

  it('runs a command', async () => {
    const { stdout } = await curl('-d', '{"command":"echo hello from aurae"}', at('runtime.Runtime/Exec'));
    expect(JSON.parse(stdout)).toMatchObject({
      stdout: 'hello from aurae\n',
      exitCode: '0',
      status: 'STATUS_COMPLETE',
      proc: { pid: expect.any(Number) },
    });
  });

  it('reads status and the log', async () => {
    expect(JSON.parse((await curl('-d', '{}', at('observe.Observe/Status'))).stdout).version).toMatch(/^\d/);
    const log = await curl('-d', '{"backlogOnly":true}', at('observe.Observe/GetAuraeDaemonLogStream'));
    expect(log.stdout).toContain('Serving');
  });

  it('checks health', async () => {
    expect(JSON.parse((await curl('-d', '{}', at('grpc.health.v1.Health/Check'))).stdout)).toEqual({
      status: 'SERVING',
    });
    const one = await curl('-d', '{"service":"runtime.Runtime"}', at('grpc.health.v1.Health/Check'));
    expect(JSON.parse(one.stdout)).toEqual({ status: 'SERVING' });
  });

  it.each([
    ['runtime.Runtime/ContainerStart', '{}'],
    ['runtime.Runtime/InstanceShow', '{}'],
    ['runtime.Runtime/ImageList', '{}'],
  ])('learns that %s is not implemented yet', async (method, request) => {
    const { code, stderr } = await curl('-d', request, at(method));
    expect(code).not.toBe(0);
    expect(JSON.parse(stderr)).toMatchObject({ code: 'unimplemented', message: expect.stringContaining(method) });
  });

  it('gets INVALID_ARGUMENT with the field that is wrong', async () => {
    const { stderr } = await curl('-d', '{"command":""}', at('runtime.Runtime/Exec'));
    expect(JSON.parse(stderr)).toMatchObject({ code: 'invalid_argument' });
  });
});
