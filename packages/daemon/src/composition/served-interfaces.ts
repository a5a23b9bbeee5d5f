import { observe, runtime, schedule } from '@aurae/proto';
import type { DependencyContainer } from 'tsyringe';
import type { ServedInterface } from '../server/grpc-server.js';
import { ObserveService } from '../services/observe-service.js';
import { RuntimeService } from '../services/runtime-service.js';

/** What is served, under which name. Methods that a service leaves out answer UNIMPLEMENTED. */
export function servedInterfaces(injection: DependencyContainer): ServedInterface[] {
  return [
    {
      name: runtime.RuntimeServiceName,
      definition: runtime.RuntimeService,
      implementation: injection.resolve(RuntimeService),
    },
    {
      name: observe.ObserveServiceName,
      definition: observe.ObserveService,
      implementation: injection.resolve(ObserveService),
    },
    { name: schedule.ScheduleServiceName, definition: schedule.ScheduleService, implementation: {} },
    {
      name: schedule.ScheduleExecutableServiceName,
      definition: schedule.ScheduleExecutableService,
      implementation: {},
    },
    { name: schedule.ScheduleContainerServiceName, definition: schedule.ScheduleContainerService, implementation: {} },
    { name: schedule.ScheduleInstanceServiceName, definition: schedule.ScheduleInstanceService, implementation: {} },
  ];
}
