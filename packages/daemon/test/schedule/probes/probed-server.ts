import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A server on a free port of the loopback, which ends with the test. */
export interface ProbedServer {
  readonly port: number;
  /** Connections that are open now. */
  readonly open: ReadonlySet<Socket>;
  /** How many there have been. */
  accepted(): number;
  /** The most that were open at one time. */
  mostOpen(): number;
  /** Resolves once this many have been accepted. */
  untilAccepted(count: number): Promise<void>;
  /** Resolves once none is open. */
  untilNoneIsOpen(): Promise<void>;
  close(): Promise<void>;
}

/** It reads whatever it is told, and answers nothing by itself. */
export function tcpServer(onConnection: (socket: Socket) => void = () => undefined): Promise<ProbedServer> {
  return serve(createServer((socket) => onConnection(socket.resume())));
}

export function httpServer(listener: RequestListener): Promise<ProbedServer> {
  return serve(createHttpServer(listener));
}

/** A port of the loopback that refuses connections. */
export async function refusedPort(): Promise<number> {
  const server = await tcpServer();
  await server.close();
  return server.port;
}

/** Listens, blocks for good before it accepts anything, and ends with its parent. */
const blockedListener = `
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port));
    require('node:fs').readSync(0, Buffer.alloc(1));
    process.exit();
  });`;

/** A port whose queue of connections is full: the kernel answers no more of them, listen(2). */
export async function fullPort(): Promise<number> {
  const child = spawn(process.execPath, ['-e', blockedListener], { stdio: ['pipe', 'pipe', 'inherit'] });
  const fillers: Socket[] = [];
  onTestFinished(async () => {
    for (const filler of fillers) filler.destroy();
    const ended = once(child, 'close');
    child.stdin.end();
    await ended;
  });
  const [text] = await once(child.stdout, 'data');
  const port = Number(text);
  // One more than the backlog fit in.
  for (let index = 0; index < 2; index += 1) {
    const filler = connect(port, '127.0.0.1');
    fillers.push(filler);
    await once(filler, 'connect');
  }
  return port;
}

export async function serve(server: Server | HttpServer, host = '127.0.0.1'): Promise<ProbedServer> {
  const open = new Set<Socket>();
  const watchers = new Set<() => void>();
  let accepted = 0;
  let mostOpen = 0;
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    open.add(socket);
    mostOpen = Math.max(mostOpen, open.size);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.delete(socket);
      for (const watcher of watchers) watcher();
    });
    for (const watcher of watchers) watcher();
  });
  const until = (condition: () => boolean) =>
    new Promise<void>((resolve) => {
      const watcher = () => {
        if (!condition()) return;
        watchers.delete(watcher);
        resolve();
      };
      watchers.add(watcher);
      watcher();
    });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const close = async () => {
    if (!server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of open) socket.destroy();
    await closed;
  };
  onTestFinished(close);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    open,
    accepted: () => accepted,
    mostOpen: () => mostOpen,
    untilAccepted: (count) => until(() => accepted >= count),
    untilNoneIsOpen: () => until(() => open.size === 0),
    close,
  };
}
