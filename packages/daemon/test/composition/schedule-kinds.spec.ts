import { fileURLToPath } from 'node:url';
import { callContext, meta, runtime, schedule } from '@aurae/proto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DaemonFixture } from './daemon-fixture.js';

/** What remembering-backend.mjs keeps of one kind. */
interface Memory {
  readonly starts: readonly (runtime.Container | runtime.Instance)[];
  readonly execs: readonly runtime.AttachOpen[];
  end(name: string, exitCode: string): void;
  forget(): void;
}

function memoryOf(kind: string): Memory | undefined {
  return (globalThis as { remembering?: Record<string, Memory> }).remembering?.[kind];
}

const { STATUS_ACTIVE, STATUS_COMPLETE } = meta.Status;
const { WORKLOAD_KIND_CONTAINER, WORKLOAD_KIND_INSTANCE } = meta.WorkloadKind;

function configOf(kind: string): string {
  const path = fileURLToPath(new URL(`remembering-${kind}.mjs`, import.meta.url));
  return `[backends.${kind}]\nuse = "${path}"\n`;
}

describe.each([
  ['container', WORKLOAD_KIND_CONTAINER, 'scheduleContainer', 'containers'],
  ['instance', WORKLOAD_KIND_INSTANCE, 'scheduleInstance', 'instances'],
] as const)('the schedule of a %s', (word, kind, service, list) => {
  let fixture: DaemonFixture;
  beforeEach(() => {
    fixture = new DaemonFixture();
    memoryOf(word)?.forget();
  });
  afterEach(() => fixture[Symbol.asyncDispose]());

  function memory(): Memory {
    const found = memoryOf(word);
    if (!found) throw new Error('no daemon has loaded the backend yet');
    return found;
  }

  function spec(parts: runtime.DeepPartial<runtime.Container> = {}): runtime.Container {
    return runtime.Container.fromPartial({ name: 'web', image: 'busybox', ...parts });
  }

  async function start() {
    const daemon = await fixture.start(configOf(word));
    const client = fixture.client(daemon);
    const shown = async (): Promise<schedule.ScheduledWorkload | undefined> => {
      const request = schedule.ShowEnabledRequest.fromPartial({ workload: { kind, name: 'web' } });
      return (await client.schedule.showEnabled(callContext(), request)).workloads[0];
    };
    const becomes = async (status: meta.Status, after = 0): Promise<schedule.ScheduledWorkload> => {
      for (;;) {
        const state = await shown();
        if (state?.status === status && state.restarts >= after) return state;
      }
    };
    return { daemon, client, verbs: client[service], becomes };
  }

  it('keeps it running by its policy, through the end of the daemon', async () => {
    const first = await start();
    const { meta: answer } = await first.verbs.enable(
      callContext(),
      spec({ restart: { mode: runtime.RestartMode.RESTART_MODE_ON_FAILURE, firstPauseMs: 1 } }),
    );
    expect(answer).toMatchObject({ name: 'web', message: 'runs as pid 1000' });
    const enabled = await first.client.schedule.showEnabled(callContext(), schedule.ShowEnabledRequest.fromPartial({}));
    expect(enabled[list]).toMatchObject([{ name: 'web', image: 'busybox' }]);
    expect(enabled.workloads).toMatchObject([{ workload: { kind, name: 'web' }, status: STATUS_ACTIVE }]);
    memory().end('web', '3');
    await first.becomes(STATUS_ACTIVE, 1);
    await first.daemon.stop();

    const second = await start();
    expect(await second.becomes(STATUS_ACTIVE)).toMatchObject({ proc: { pid: 1001 }, restarts: 1 });
    expect(memory().starts).toHaveLength(2);
    memory().end('web', '0');
    await second.becomes(STATUS_COMPLETE);
    await second.verbs.destroy(callContext(), spec());
    const after = await second.client.schedule.showEnabled(callContext(), schedule.ShowEnabledRequest.fromPartial({}));
    expect(after.workloads).toEqual([]);
  });

  it('asks inside of it whether it is ready', async () => {
    const { verbs, becomes } = await start();
    const readiness = { check: { $case: 'exec' as const, value: { argv: ['healthy', 'please'] } } };
    await verbs.enable(callContext(), spec({ criteria: { readiness } }));
    while (!(await becomes(STATUS_ACTIVE)).ready);
    expect(memory().execs).toMatchObject([
      { target: { $case: 'workload', value: { kind, name: 'web' } }, argv: ['healthy', 'please'] },
    ]);
  });

  it('keeps nothing of what cannot run, and stops what is disabled', async () => {
    const { client, verbs } = await start();
    const missing = spec({ image: 'missing' });
    await expect(verbs.enable(callContext(), missing)).rejects.toThrow(
      `Cannot enable ${word} "web": there is no image "missing"`,
    );
    await verbs.enable(callContext(), spec());
    await verbs.disable(callContext(), spec());
    const disabled = await client.schedule.showDisabled(callContext(), schedule.ShowDisabledRequest.fromPartial({}));
    expect(disabled[list]).toMatchObject([{ name: 'web' }]);
    expect(disabled.workloads).toMatchObject([{ lastExit: { exitCode: '143', stopped: true } }]);
  });
});
