import { meta } from '@aurae/proto';
import { expect, it } from 'vitest';
import { WorkloadBackendLog } from '../../src/logging/backend-log.js';
import { keptLog } from './log-lines.js';

it('what a backend says of a workload is told as everybody tells it, and the rest as it is', () => {
  const { log, lines } = keptLog();
  const backend = new WorkloadBackendLog(log.forComponent('container'), meta.WorkloadKind.WORKLOAD_KIND_CONTAINER);
  backend.info('Ended', { name: 'web', exitCode: 3 });
  backend.warn('Adopted', { running: 2, name: 7 });
  backend.debug('Nothing else');
  backend.error('Lost', { error: new Error('gone') });
  expect(lines.map(({ level, fields }) => [level, fields])).toEqual([
    ['info', { workload: 'container/web', exitCode: 3 }],
    ['warn', { running: 2, name: 7 }],
    ['debug', {}],
    ['error', { error: expect.objectContaining({ message: 'gone' }) }],
  ]);
  expect(lines.every(({ channel }) => channel === 'container')).toBe(true);
});
