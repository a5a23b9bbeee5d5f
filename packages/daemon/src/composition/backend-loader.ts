import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BackendContracts,
  type BackendHost,
  type BackendKind,
  type BackendLog,
  type Disposable,
  meta,
  type WorkloadLogKeeper,
} from '@aurae/proto';
import type { DisposalStack } from '../lifecycle/disposal-stack.js';
import { WorkloadBackendLog } from '../logging/backend-log.js';
import type { Logger } from '../logging/logger.js';
import type { BackendCatalog } from '../services/backend-catalog.js';
import type { DaemonSettings } from './daemon-settings.js';
import { loadBackend } from './load-backend.js';

const workloadKinds: Readonly<Record<BackendKind, meta.WorkloadKind | undefined>> = {
  executable: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE,
  container: meta.WorkloadKind.WORKLOAD_KIND_CONTAINER,
  instance: meta.WorkloadKind.WORKLOAD_KIND_INSTANCE,
  'log-sink': undefined,
};

/** Workloads may have to be let go of in order; a sink has been flushed before. */
const endTimeoutMs: Readonly<Record<BackendKind, number>> = {
  executable: 30_000,
  container: 30_000,
  instance: 30_000,
  'log-sink': 2_000,
};

/** Which backend the configuration asks for. */
export interface ConfiguredBackend {
  readonly use: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Makes the backends of one daemon, lists them in its catalog and owns their end. */
export class BackendLoader {
  constructor(
    private readonly settings: DaemonSettings,
    private readonly log: Logger,
    private readonly owned: DisposalStack,
    private readonly catalog: BackendCatalog,
    private readonly logs: WorkloadLogKeeper,
  ) {}

  /**
   * @param configKey where the choice stands in the configuration
   * @param healthSeen what the daemon itself sees of the backend's health; asked at each Status
   */
  async load<Kind extends BackendKind>(
    kind: Kind,
    { use, options }: ConfiguredBackend,
    configKey = `backends.${kind}`,
    healthSeen?: () => meta.Health | undefined,
  ): Promise<Disposable<BackendContracts[Kind]>> {
    const choice = { kind, use, options, configFile: this.settings.paths.configFile, configKey };
    const { name, source, backend } = await loadBackend(choice, this.hostOf(kind));
    this.catalog.add({ kind, name, source, backend, healthSeen });
    const end = async () => backend[Symbol.asyncDispose]?.();
    this.owned.defer(`the ${kind} backend "${name}"`, end, endTimeoutMs[kind]);
    return backend;
  }

  private logOf(kind: BackendKind): BackendLog {
    const log = this.log.forComponent(kind);
    const workloads = workloadKinds[kind];
    return workloads === undefined ? log : new WorkloadBackendLog(log, workloads);
  }

  private hostOf(kind: BackendKind): BackendHost {
    const { stateDir, runDir } = this.settings.paths;
    return {
      get stateDir() {
        return made(join(stateDir, kind));
      },
      get runDir() {
        return made(join(runDir, kind));
      },
      log: this.logOf(kind),
      logs: this.logs,
    };
  }
}

function made(directory: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}
