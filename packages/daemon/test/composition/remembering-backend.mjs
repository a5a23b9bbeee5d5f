// A backend of containers or instances that runs nothing and remembers everything, also when the daemon that has loaded
// it goes. Tests reach it as `globalThis.remembering.container`.

import { EventEmitter } from 'node:events';

globalThis.remembering = {};
const kindNumbers = { container: 2, instance: 3 };
const ACTIVE = 3;
const COMPLETE = 6;

class Remembering extends EventEmitter {
  starts = [];
  workloads = new Map();
  execs = [];

  constructor(kind) {
    super();
    this.kind = kindNumbers[kind];
    this.setMaxListeners(0);
  }

  forget() {
    this.starts = [];
    this.execs = [];
    this.workloads.clear();
  }

  begin(value) {
    const name = value.meta?.name || value.name;
    const startedAtMs = BigInt(Date.now());
    const workload = { name, status: ACTIVE, pid: 1000 + this.starts.length, labels: value.labels, startedAtMs };
    this.starts.push(value);
    this.workloads.set(name, workload);
    this.emit('event', this.eventOf(workload));
    return { meta: { name, message: '' }, proc: { pid: workload.pid }, status: ACTIVE };
  }

  end(name, exitCode, stopped = false) {
    const workload = { ...this.workloads.get(name), status: COMPLETE, exitCode, stopped };
    this.workloads.set(name, workload);
    this.emit('event', this.eventOf(workload));
  }

  eventOf({ name, status, pid, labels, startedAtMs, exitCode = '', stopped = false }) {
    return {
      workload: { kind: this.kind, name },
      ...{ status, exitCode, stopped, labels, startedAtMs, proc: { pid } },
      ...{ timestampMs: BigInt(Date.now()), message: '', outOfMemory: false, inSync: false, signal: 0 },
    };
  }
}

async function* watch(memory, signal) {
  const waiting = [...memory.workloads.values()].map((workload) => memory.eventOf(workload));
  waiting.push({ ...memory.eventOf({ name: '', labels: {}, status: 0, startedAtMs: 0n, pid: 0 }), inSync: true });
  let wake = () => {};
  const take = (event) => (waiting.push(event), wake());
  memory.on('event', take);
  signal.addEventListener('abort', () => wake());
  try {
    while (!signal.aborted) {
      for (let event = waiting.shift(); event; event = waiting.shift()) yield event;
      await new Promise((resolve) => {
        wake = resolve;
        if (signal.aborted || waiting.length > 0) resolve();
      });
    }
  } finally {
    memory.off('event', take);
  }
}

async function* attach(memory, requests) {
  for await (const { input } of requests) {
    memory.execs.push(input.value);
    yield { output: { $case: 'ended', value: { status: COMPLETE, exitCode: '0', stderr: '', meta: undefined } } };
    return;
  }
}

export function rememberingRegistration(kind) {
  const memory = (globalThis.remembering[kind] = new Remembering(kind));
  return {
    kind,
    name: 'remembering',
    options: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
    create: () => ({
      describe: async () => ({
        ...{ name: 'remembering', version: '1.0.0', protocolVersion: 1, details: {} },
        ...{ capabilities: ['Start', 'Stop', 'Watch'], health: { state: 1, reason: '', remedy: '' } },
      }),
      check: async (_, { image, meta, name }) =>
        image === 'missing'
          ? { meta: { name: meta?.name || name, message: 'there is no image "missing"' }, status: 5 }
          : { meta: { name: meta?.name || name, message: '' }, status: 1 },
      start: async (_, value) => memory.begin(value),
      stop: async (_, { meta: { name } }) => (memory.end(name, '143', true), { meta: { name } }),
      watch: ({ signal }) => watch(memory, signal),
      attach: (_, requests) => attach(memory, requests),
    }),
  };
}
