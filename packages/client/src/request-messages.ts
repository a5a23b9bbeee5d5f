import { type CallContext, observe, runtime, schedule } from '@aurae/proto';
import type { RequestMessages } from './service-api.js';

// The types make sure that these tables name every method of a service and the message that it takes.

export const runtimeMessages: RequestMessages<runtime.Runtime<CallContext>> = {
  exec: runtime.Executable,
  executableStart: runtime.Executable,
  executableStop: runtime.WorkloadStopRequest,
  executableKill: runtime.WorkloadKillRequest,
  executableList: runtime.WorkloadListRequest,
  executableRemove: runtime.WorkloadRemoveRequest,
  containerStart: runtime.Container,
  containerStop: runtime.WorkloadStopRequest,
  containerKill: runtime.WorkloadKillRequest,
  containerList: runtime.WorkloadListRequest,
  instanceStart: runtime.Instance,
  instanceStop: runtime.WorkloadStopRequest,
  instanceKill: runtime.WorkloadKillRequest,
  instanceList: runtime.WorkloadListRequest,
  instanceShow: runtime.InstanceMeta,
  attach: runtime.AttachRequest,
  imagePull: runtime.ImagePullRequest,
  imageList: runtime.ImageListRequest,
  imageRemove: runtime.ImageRemoveRequest,
};

export const observeMessages: RequestMessages<observe.Observe<CallContext>> = {
  status: observe.StatusRequest,
  getAuraeDaemonLogStream: observe.GetAuraeDaemonLogStreamRequest,
  getSubProcessStream: observe.GetSubProcessStreamRequest,
  getWorkloadLogStream: observe.GetWorkloadLogStreamRequest,
  watchEvents: observe.WatchEventsRequest,
  getWorkloadUsage: observe.GetWorkloadUsageRequest,
  logLevelShow: observe.LogLevelShowRequest,
  logLevelSet: observe.LogLevelSetRequest,
};

export const scheduleMessages: RequestMessages<schedule.Schedule<CallContext>> = {
  showEnabled: schedule.ShowEnabledRequest,
  showDisabled: schedule.ShowDisabledRequest,
  showHistory: schedule.ShowHistoryRequest,
  export: schedule.ExportRequest,
  apply: schedule.ApplyRequest,
};

export const scheduleExecutableMessages: RequestMessages<schedule.ScheduleExecutable<CallContext>> = {
  enable: runtime.Executable,
  disable: runtime.Executable,
  destroy: runtime.Executable,
};

export const scheduleContainerMessages: RequestMessages<schedule.ScheduleContainer<CallContext>> = {
  enable: runtime.Container,
  disable: runtime.Container,
  destroy: runtime.Container,
};

export const scheduleInstanceMessages: RequestMessages<schedule.ScheduleInstance<CallContext>> = {
  enable: runtime.Instance,
  disable: runtime.Instance,
  destroy: runtime.Instance,
};
