import { CapabilityNotSupportedError, callContext, meta, runtime } from '@aurae/proto';
import { describe, expect, it } from 'vitest';
import { registration } from '../src/index.js';

const host = {
  stateDir: '/nonexistent',
  runDir: '/nonexistent',
  log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
};

describe('the container backend', () => {
  it('describes itself as unavailable, with the reason, and claims nothing', async () => {
    const backend = await registration.create({}, host);
    const { name, health, capabilities, protocolVersion } = await backend.describe(callContext(), {});
    expect(name).toBe('oci');
    expect(protocolVersion).toBe(1);
    expect(capabilities).toEqual([]);
    expect(health?.state).toBe(meta.HealthState.HEALTH_STATE_UNAVAILABLE);
    expect(health?.reason).toContain('not implemented');
  });

  it('refuses a start with the same reason', async () => {
    const backend = await registration.create({}, host);
    const start = backend.start(callContext(), runtime.Container.fromPartial({ image: 'busybox' }));
    await expect(start).rejects.toThrow(CapabilityNotSupportedError);
    await expect(start).rejects.toThrow('not implemented');
  });

  it('fails a stream when it is read', async () => {
    const backend = await registration.create({}, host);
    const events = backend.watch(callContext(), {})[Symbol.asyncIterator]();
    await expect(events.next()).rejects.toThrow(CapabilityNotSupportedError);
  });

  it('takes no options', async () => {
    const result = await registration.options['~standard'].validate({ speed: 'fast' });
    expect(result.issues?.[0]?.message).toContain('speed');
  });
});
