// An executable backend as somebody else's module would offer it. Its commands are what the tests need:
// "hang" waits to be cancelled, "stubborn" ignores cancellation, "fault" fails as a bug would.
const describe = () =>
  Promise.resolve({
    name: 'scripted',
    version: '1.2.3',
    protocolVersion: 1,
    capabilities: ['Exec'],
    health: { state: 1, reason: '', remedy: '' },
    details: {},
  });

const calls = (globalThis.scriptedCalls = []);

async function exec(context, { command }) {
  const call = { command, identity: context.identity, callId: context.callId, reason: undefined };
  calls.push(call);
  if (command === 'fault') throw new TypeError('x is not a function');
  if (command === 'hang' || command === 'stubborn') {
    await new Promise((resolve) => context.signal.addEventListener('abort', resolve, { once: true }));
    call.reason = context.signal.reason;
    if (command === 'hang') throw context.signal.reason;
    await new Promise(() => {});
  }
  return {
    meta: { name: command, message: '' },
    proc: { pid: 1 },
    status: 6,
    stdout: `ran ${command}`,
    stderr: '',
    exitCode: '0',
    stdoutBytes: new Uint8Array(),
    stderrBytes: new Uint8Array(),
    stdoutDroppedBytes: 0n,
    stderrDroppedBytes: 0n,
    signal: 0,
    errorCode: '',
    termination: 0,
    usage: undefined,
    startedAtMs: 0n,
    endedAtMs: 0n,
    executable: undefined,
    failedStep: 0,
    outOfMemory: false,
    restarts: 0,
    nextStartAtMs: 0n,
    logLostRecords: 0n,
  };
}

export const registration = {
  kind: 'executable',
  name: 'scripted',
  options: {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        Object.keys(value).length === 0
          ? { value }
          : { issues: [{ message: 'takes no options', path: [Object.keys(value)[0]] }] },
    },
  },
  create: () => ({ describe, exec, [Symbol.asyncDispose]: async () => void calls.push({ command: 'disposed' }) }),
};
