import { once } from 'node:events';
import { createRequire } from 'node:module';

// A program: drives PM2 through its own module, in a process that it may fill with handles. Arguments: the folder where
// PM2 is installed. A message is a request; the answer is a message too.

/** Of what PM2 offers, what is needed here. */
interface Pm2 {
  connect(done: (error: Error | null) => void): void;
  disconnect(): void;
  start(options: object, done: (error: Error | null) => void): void;
  list(done: (error: Error | null, processes: readonly Pm2Process[]) => void): void;
}

interface Pm2Process {
  readonly name: string;
  readonly pid: number;
  readonly pm2_env: { readonly status: string };
}

export type Pm2Request =
  | { readonly kind: 'connect' | 'disconnect' | 'list' }
  | { readonly kind: 'start'; readonly index: number }
  /** A program for bash that is started again at once whenever it ends. */
  | { readonly kind: 'start-phoenix'; readonly args: readonly string[] }
  /** A program that is run once. */
  | { readonly kind: 'start-writer'; readonly args: readonly string[] };

/** `elapsedMs` is that of the call alone. */
export type Pm2Answer =
  | { readonly elapsedMs: number; readonly running: readonly number[] }
  | { readonly failure: string };

const pm2 = createRequire(`${process.argv[2]}/`)('pm2') as Pm2;

async function serve(request: Pm2Request): Promise<readonly number[]> {
  switch (request.kind) {
    case 'connect':
      await promised((done) => pm2.connect(done));
      return [];
    case 'disconnect':
      pm2.disconnect();
      return [];
    case 'start':
      await promised((done) => pm2.start(sleeper(request.index), done));
      return [];
    case 'start-phoenix':
      await promised((done) => pm2.start(phoenix(request.args), done));
      return [];
    case 'start-writer':
      await promised((done) => pm2.start(writer(request.args), done));
      return [];
    case 'list':
      return (await listed()).filter(({ pm2_env }) => pm2_env.status === 'online').map(({ pid }) => pid);
  }
}

function sleeper(index: number): object {
  const name = `sleeper-${index}`;
  return { name, script: '/bin/sleep', args: '100000', interpreter: 'none', exec_mode: 'fork', autorestart: false };
}

function phoenix(args: readonly string[]): object {
  const endless = { autorestart: true, restart_delay: 0, min_uptime: 0, max_restarts: 100_000 };
  return { name: 'phoenix', script: '/bin/bash', args: [...args], interpreter: 'none', exec_mode: 'fork', ...endless };
}

function writer([script, ...args]: readonly string[]): object {
  return { name: 'writer', script, args, interpreter: 'none', exec_mode: 'fork', autorestart: false };
}

function promised(call: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())));
}

function listed(): Promise<readonly Pm2Process[]> {
  return new Promise((resolve, reject) => {
    pm2.list((error, processes) => (error ? reject(error) : resolve(processes)));
  });
}

process.on('disconnect', () => process.exit());
process.send?.('ready');
for (;;) {
  const [request] = (await once(process, 'message')) as [Pm2Request];
  const from = performance.now();
  try {
    const running = await serve(request);
    process.send?.({ elapsedMs: performance.now() - from, running } satisfies Pm2Answer);
  } catch (error) {
    process.send?.({ failure: String(error) } satisfies Pm2Answer);
  }
}
