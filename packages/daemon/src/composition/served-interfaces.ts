import { observe, runtime, schedule } from '@aurae/proto';
import type { DependencyContainer } from 'tsyringe';
import type { ServedInterface } from '../server/grpc-server.js';
import { ObserveService } from '../services/observe-service.js';
import { RuntimeService } from '../services/runtime-service.js';
import { ScheduleService } from '../services/schedule-service.js';
import { ScheduleVerbsService } from '../services/schedule-verbs-service.js';
import { ScheduleEngine } from '../tokens.js';

/** What is served, under which name. Methods that a service leaves out answer UNIMPLEMENTED. */
export function servedInterfaces(injection: DependencyContainer): ServedInterface[] {
  const engine = injection.resolve(ScheduleEngine);
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
    {
      name: schedule.ScheduleServiceName,
      definition: schedule.ScheduleService,
      implementation: injection.resolve(ScheduleService),
    },
    {
      name: schedule.ScheduleExecutableServiceName,
      definition: schedule.ScheduleExecutableService,
      implementation: new ScheduleVerbsService('executable', engine),
    },
    {
      name: schedule.ScheduleContainerServiceName,
      definition: schedule.ScheduleContainerService,
      implementation: new ScheduleVerbsService('container', engine),
    },
    {
      name: schedule.ScheduleInstanceServiceName,
      definition: schedule.ScheduleInstanceService,
      implementation: new ScheduleVerbsService('instance', engine),
    },
  ];
}
