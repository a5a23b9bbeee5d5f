import { type BackendContracts, callContext, meta } from '@aurae/proto';
import { expect, it } from 'vitest';
import { BackendCatalog } from '../../src/services/backend-catalog.js';

type Described = Awaited<ReturnType<BackendContracts['executable']['describe']>>;

it('a backend that describes itself in another shape is told as unavailable, and the others are told all the same', async () => {
  const catalog = new BackendCatalog();
  const good = meta.BackendDescription.fromPartial({ name: 'good', version: '1.0.0' });
  const shapes = [good, { ...good, capabilities: {} }, { ...good, health: 7, details: [1n] }, undefined, 'text'];
  for (const [index, shape] of shapes.entries()) {
    const backend = { describe: async () => shape as unknown as Described };
    catalog.add({ kind: 'log-sink', name: `sink-${index}`, source: './mine.mjs', backend });
  }
  const told = await catalog.describeAll(callContext());
  expect(told).toHaveLength(shapes.length);
  expect(told[0]?.description?.name).toBe('good');
  expect(told[1]?.description?.health?.state).toBe(meta.HealthState.HEALTH_STATE_UNAVAILABLE);
});
