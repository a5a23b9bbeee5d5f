import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { callContext, meta } from '@aurae/proto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DaemonFixture } from './daemon-fixture.js';
import { daemonLogRequest } from './daemon-log-request.js';

let fixture: DaemonFixture;
beforeEach(() => {
  fixture = new DaemonFixture();
});
afterEach(() => fixture[Symbol.asyncDispose]());

const describeItself = `describe: async () => ({ name: 'mine', version: '1.0.0', protocolVersion: 1, capabilities: [],
  health: { state: 1, reason: '', remedy: '' }, details: {} })`;

/** An ES module beside the configuration file, as somebody else would write it. */
function module(kind: string, create: string, file = 'etc/aurae/mine.mjs'): void {
  const path = join(fixture.root, file);
  mkdirSync(join(path, '..'), { recursive: true });
  const options = "{ '~standard': { version: 1, vendor: 'mine', validate: (value) => ({ value }) } }";
  writeFileSync(
    path,
    `export const registration = { kind: '${kind}', name: 'mine', options: ${options}, create: ${create} };`,
  );
}

const containerOf = (use: string) => `[backends.container]\nuse = "${use}"\n`;

async function statusOf(config: string) {
  const { observe } = fixture.client(await fixture.start(config));
  return observe.status(callContext(), { meta: undefined });
}

describe('a module of somebody else', () => {
  it('is found beside the configuration file', async () => {
    module('container', `() => ({ ${describeItself} })`);
    const { backends } = await statusOf(containerOf('./mine.mjs'));
    expect(backends.find(({ kind }) => kind === 'container')).toMatchObject({
      source: './mine.mjs',
      description: { name: 'mine' },
    });
  });

  it('is found when its package offers nothing but an import', async () => {
    module('container', `() => ({ ${describeItself} })`, 'etc/aurae/node_modules/mine/main.js');
    const manifest = { name: 'mine', type: 'module', exports: { '.': { import: './main.js' } } };
    writeFileSync(join(fixture.root, 'etc/aurae/node_modules/mine/package.json'), JSON.stringify(manifest));
    const { backends } = await statusOf(containerOf('mine'));
    expect(backends.find(({ kind }) => kind === 'container')?.description?.name).toBe('mine');
  });

  it.each([
    [
      'that throws when it is made',
      "() => { throw new Error('boom'); }",
      'backends.container.use = "./mine.mjs" fails to start: boom',
    ],
    ['that makes nothing', '() => undefined', 'makes no container backend: it has no describe'],
    ['that makes something else', '() => ({})', 'makes no container backend: it has no describe'],
  ])('%s is named, and the daemon does not start', async (_, create, message) => {
    module('container', create);
    await expect(fixture.start(containerOf('./mine.mjs'))).rejects.toThrow(message);
  });

  it.each([
    ['throws', "() => { throw new Error('confused'); }", 'confused'],
    ['never answers', '() => new Promise(() => {})', 'did not describe itself'],
  ])('that %s when it is asked about itself does not spoil the status of the others', async (_, describe, reason) => {
    module('container', `() => ({ describe: ${describe} })`);
    const { backends } = await statusOf(containerOf('./mine.mjs'));
    const health = Object.fromEntries(backends.map(({ kind, description }) => [kind, description?.health]));
    expect(health['container']?.state).toBe(meta.HealthState.HEALTH_STATE_UNAVAILABLE);
    expect(health['container']?.reason).toContain(reason);
    expect(health['executable']?.state).toBe(meta.HealthState.HEALTH_STATE_SERVING);
  });

  it('that fails as a log sink shows in the status and in the log', async () => {
    const write = "async () => { throw new Error('no space'); }";
    module('log-sink', `() => ({ ${describeItself}, write: ${write}, flush: async () => ({}) })`);
    const config = '[[log.sinks]]\nuse = "./mine.mjs"\n';
    const { observe } = fixture.client(await fixture.start(config));
    for await (const item of observe.getAuraeDaemonLogStream(
      callContext(),
      daemonLogRequest({ backlogOnly: false, tail: 0 }),
    )) {
      if (item.line === 'A log sink fails') {
        expect(JSON.parse(item.fieldsJson)).toEqual({ sink: 'mine', reason: 'no space' });
        break;
      }
    }
    const { backends } = await observe.status(callContext(), { meta: undefined });
    expect(backends.find(({ kind }) => kind === 'log-sink')?.description?.health).toMatchObject({
      state: meta.HealthState.HEALTH_STATE_DEGRADED,
      reason: expect.stringContaining('no space'),
    });
  });
});
