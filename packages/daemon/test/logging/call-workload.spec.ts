import { meta, observe, runtime } from '@aurae/proto';
import { expect, it } from 'vitest';
import { callWorkload } from '../../src/logging/call-workload.js';

const { WORKLOAD_KIND_EXECUTABLE, WORKLOAD_KIND_CONTAINER, WORKLOAD_KIND_INSTANCE } = meta.WorkloadKind;
const named = { meta: { name: 'web', message: '' } };

it.each([
  ['runtime.Runtime/ExecutableStart', runtime.Executable.fromPartial(named), WORKLOAD_KIND_EXECUTABLE],
  ['runtime.Runtime/ExecutableStart', runtime.Executable.fromPartial({ command: 'web' }), WORKLOAD_KIND_EXECUTABLE],
  ['runtime.Runtime/ExecutableStart', runtime.Executable.fromPartial({ argv: ['web'] }), WORKLOAD_KIND_EXECUTABLE],
  ['runtime.Runtime/ExecutableStop', runtime.WorkloadStopRequest.fromPartial(named), WORKLOAD_KIND_EXECUTABLE],
  ['runtime.Runtime/ContainerStart', runtime.Container.fromPartial({ name: 'web' }), WORKLOAD_KIND_CONTAINER],
  ['runtime.Runtime/InstanceKill', runtime.WorkloadKillRequest.fromPartial(named), WORKLOAD_KIND_INSTANCE],
  ['schedule.ScheduleExecutable/Enable', runtime.Executable.fromPartial(named), WORKLOAD_KIND_EXECUTABLE],
  ['schedule.ScheduleContainer/Disable', runtime.Container.fromPartial(named), WORKLOAD_KIND_CONTAINER],
  ['schedule.ScheduleInstance/Destroy', runtime.Instance.fromPartial(named), WORKLOAD_KIND_INSTANCE],
  [
    'observe.Observe/GetWorkloadLogStream',
    observe.GetWorkloadLogStreamRequest.fromPartial({ workload: { kind: WORKLOAD_KIND_CONTAINER, name: 'web' } }),
    WORKLOAD_KIND_CONTAINER,
  ],
])('%s is about the workload that its request names', (method, request, kind) => {
  expect(callWorkload(method, request)).toEqual({ kind, name: 'web' });
});

it.each([
  ['runtime.Runtime/Exec', runtime.Executable.fromPartial({ command: 'mysql -phunter2' })],
  ['runtime.Runtime/ExecutableList', runtime.WorkloadListRequest.fromPartial({})],
  ['observe.Observe/Status', observe.StatusRequest.fromPartial({ meta: { name: 'x' } })],
  ['observe.Observe/WatchEvents', observe.WatchEventsRequest.fromPartial({})],
  ['runtime.Runtime/ExecutableStop', undefined],
])('%s is about none', (method, request) => {
  expect(callWorkload(method, request)).toBeUndefined();
});
