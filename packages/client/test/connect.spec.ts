import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import {
  CancelledError,
  DeadlineExceededError,
  FailedPreconditionError,
  meta,
  NotFoundError,
  observe,
  runtime,
  UnauthenticatedError,
  UnavailableError,
} from '@aurae/proto';
import { expect, test } from 'vitest';
import { type ConnectOptions, connect } from '../src/index.js';
import { TestRoot, untilAborted } from './support/test-daemon.js';
import { daysFromNow, makeCertificate, makePki, writeClientPki } from './support/test-pki.js';

async function exec(root: TestRoot, options: ConnectOptions = {}) {
  await using client = connect({ root: root.dir, ...options });
  return await client.runtime.exec({ argv: ['uname', '-a'], meta: { name: 'kernel' } });
}

const echo = {
  exec: async (_context: unknown, { argv, meta: name }: runtime.Executable) =>
    runtime.ExecutableStatus.fromPartial({ meta: name, stdout: argv.join(' '), status: meta.Status.STATUS_COMPLETE }),
};

/** A server on the root's socket that treats every connection as the test says. */
async function listen(socket: string, serve: (connection: Socket) => void): Promise<Server> {
  const server = createServer((connection) => {
    connection.on('error', () => {});
    serve(connection);
  });
  server.listen(socket);
  await once(server, 'listening');
  return server;
}

test('a request in part reaches the daemon whole', async () => {
  await using root = await TestRoot.make();
  await root.serve({ runtime: echo });
  const status = await exec(root);
  expect(status).toMatchObject({ stdout: 'uname -a', meta: { name: 'kernel', message: '' } });
});

test('a stream ends when the daemon ends it, and may be left early', async () => {
  await using root = await TestRoot.make();
  let abandoned: unknown;
  await root.serve({
    observe: {
      async *getAuraeDaemonLogStream(context, { backlogOnly }) {
        yield observe.LogItem.fromPartial({ line: 'one' });
        yield observe.LogItem.fromPartial({ line: 'two' });
        if (!backlogOnly) abandoned = await untilAborted(context).catch((error: unknown) => error);
      },
    },
  });
  await using client = connect({ root: root.dir });
  const lines: string[] = [];
  for await (const { line } of client.observe.getAuraeDaemonLogStream({ backlogOnly: true })) lines.push(line);
  expect(lines).toEqual(['one', 'two']);
  for await (const { line } of client.observe.getAuraeDaemonLogStream()) if (line === 'two') break;
  await expect.poll(() => abandoned).toBeInstanceOf(CancelledError);
});

test('a conversation carries requests in part both ways', async () => {
  await using root = await TestRoot.make();
  await root.serve({
    runtime: {
      async *attach(_context, requests) {
        for await (const { input } of requests) {
          if (input?.$case === 'stdin') yield { output: { $case: 'stdout', value: input.value } };
          if (input?.$case === 'open' && input.value.target?.$case === 'executable') {
            yield { output: { $case: 'stderr', value: Buffer.from(input.value.target.value.argv.join()) } };
          }
        }
      },
    },
  });
  await using client = connect({ root: root.dir });
  async function* requests() {
    const target = { $case: 'executable' as const, value: { argv: ['cat'] } };
    yield { input: { $case: 'open' as const, value: { target } } };
    yield { input: { $case: 'stdin' as const, value: Buffer.from('hello') } };
  }
  const answers: string[] = [];
  for await (const { output } of client.runtime.attach(requests(), { timeoutMs: 20_000 })) {
    if (output?.$case === 'stdout' || output?.$case === 'stderr') answers.push(output.value.toString());
  }
  expect(answers).toEqual(['cat', 'hello']);
});

test('an answer of more than 4 MiB arrives', async () => {
  await using root = await TestRoot.make();
  const stdout = 'x'.repeat(5 * 1024 * 1024);
  await root.serve({
    runtime: { exec: async () => runtime.ExecutableStatus.fromPartial({ stdout }) },
  });
  expect((await exec(root)).stdout.length).toBe(stdout.length);
});

test('TCP works as the Unix socket does', async () => {
  await using root = await TestRoot.make();
  const daemon = await root.serve({ runtime: echo }, { address: 'localhost:0' });
  expect((await exec(root, { socket: daemon.address })).stdout).toBe('uname -a');
  expect((await exec(root, { socket: `tcp://${daemon.address}` })).stdout).toBe('uname -a');
});

test('an error of the daemon keeps its meaning', async () => {
  await using root = await TestRoot.make();
  await root.serve({
    runtime: {
      executableStop: async () => {
        throw new NotFoundError('Cannot stop executable "web": nothing of that name runs');
      },
      exec: async () => {
        throw new UnavailableError('The backend is down', { metadata: { backend: 'process' } });
      },
    },
  });
  await using client = connect({ root: root.dir });
  await expect(client.runtime.executableStop({ meta: { name: 'web' } })).rejects.toThrow(
    new NotFoundError('Cannot stop executable "web": nothing of that name runs'),
  );
  await expect(client.runtime.exec()).rejects.toMatchObject({
    message: 'The backend is down',
    metadata: { backend: 'process' },
  });
});

test('the signal cancels a call, with its own reason', async () => {
  await using root = await TestRoot.make();
  const started = withResolvers();
  await root.serve({
    runtime: {
      exec: async (context) => {
        started.resolve();
        return await untilAborted(context);
      },
    },
  });
  await using client = connect({ root: root.dir });
  const controller = new AbortController();
  const call = client.runtime.exec({}, { signal: controller.signal });
  await started.promise;
  controller.abort();
  await expect(call).rejects.toThrow(CancelledError);
  const reason = new Error('enough');
  await expect(client.runtime.exec({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

function withResolvers() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

test('a call that outlasts its timeout says so', async () => {
  await using root = await TestRoot.make();
  await root.serve({ runtime: { exec: (context) => untilAborted(context) } });
  await using client = connect({ root: root.dir });
  const call = client.runtime.exec({}, { timeoutMs: 50 });
  await expect(call).rejects.toThrow(DeadlineExceededError);
  await expect(call).rejects.toThrow('did not answer the call "runtime.Runtime/Exec" within its deadline');
});

test('a closed client says so, and closing twice is harmless', async () => {
  await using root = await TestRoot.make();
  await root.serve({ runtime: echo });
  const client = connect({ root: root.dir });
  client.close();
  client.close();
  await expect(client.runtime.exec()).rejects.toThrow('Cannot call "runtime.Runtime/Exec": this client is closed');
});

test('one client reaches the daemon again after a restart', async () => {
  await using root = await TestRoot.make();
  await using client = connect({ root: root.dir });
  const first = await root.serve({ runtime: echo });
  await client.runtime.exec();
  first.kill();
  await expect.poll(() => client.runtime.exec().catch((error: Error) => error.message)).toMatch('No auraed answers on');
  await root.serve({ runtime: echo });
  await expect.poll(() => client.runtime.exec().catch(() => undefined), { timeout: 5000 }).toBeDefined();
});

test('no socket: no auraed answers', async () => {
  await using root = await TestRoot.make();
  const call = exec(root);
  await expect(call).rejects.toThrow(UnavailableError);
  await expect(call).rejects.toThrow(
    `No auraed answers on "${root.socket}": start it with "auraed" (from a checkout: "npm start")`,
  );
});

test('a socket without a listener: no auraed answers', async () => {
  await using root = await TestRoot.make();
  writeFileSync(root.socket, '');
  await expect(exec(root)).rejects.toThrow(`No auraed answers on "${root.socket}"`);
});

test('neither certificates nor a socket: no auraed answers', async () => {
  await using root = await TestRoot.make();
  rmSync(root.pkiDir, { recursive: true });
  expect(() => connect({ root: root.dir })).toThrow(`No auraed answers on "${root.socket}"`);
});

test('a TCP port that nobody serves: no auraed answers', async () => {
  await using root = await TestRoot.make();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.close();
  await once(server, 'close');
  await expect(exec(root, { socket })).rejects.toThrow(`No auraed answers on "${socket}"`);
});

test('a client certificate that has expired is named, with the day', async () => {
  await using root = await TestRoot.make();
  await root.serve({ runtime: echo });
  const expired = await makeCertificate('admin', root.pki.authority, { notAfter: daysFromNow(-1) });
  writeClientPki(root.pkiDir, root.pki.authority, expired);
  const call = exec(root);
  await expect(call).rejects.toThrow(UnauthenticatedError);
  await expect(call).rejects.toThrow(
    /does not accept the client certificate ".*_signed.client.admin.crt": it expired on \d{4}-\d\d-\d\d\. Issue a new one with "aurae pki issue NAME"/,
  );
});

test('a client certificate of another authority is named', async () => {
  await using root = await TestRoot.make();
  await root.serve({ runtime: echo });
  writeClientPki(root.pkiDir, root.pki.authority, (await makePki()).client);
  await expect(exec(root)).rejects.toThrow('another certificate authority signed it');
});

test("a CA certificate that is not the daemon's is named", async () => {
  await using root = await TestRoot.make();
  await root.serve({ runtime: echo });
  writeClientPki(root.pkiDir, (await makePki()).authority, root.pki.client);
  const call = exec(root);
  await expect(call).rejects.toThrow(FailedPreconditionError);
  await expect(call).rejects.toThrow(`The CA certificate "${join(root.pkiDir, 'ca.crt')}" did not sign`);
});

test('a server certificate that has expired is told', async () => {
  await using root = await TestRoot.make();
  const names = { notAfter: daysFromNow(-1), dns: ['server.unsafe.aurae.io'] };
  const server = await makeCertificate('server', root.pki.authority, names);
  const pki = { ...root.pki, server };
  await root.serve({ runtime: echo }, { pki });
  await expect(exec(root)).rejects.toThrow('has expired: restart auraed');
});

test('a server that does not speak TLS is told', async () => {
  await using root = await TestRoot.make();
  const server = await listen(root.socket, (connection) => connection.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await expect(exec(root)).rejects.toThrow('is not auraed: it does not speak TLS');
  server.close();
});

test('a server that hangs up is told', async () => {
  await using root = await TestRoot.make();
  const server = await listen(root.socket, (connection) => connection.destroy());
  await expect(exec(root)).rejects.toThrow('hung up at once');
  server.close();
});

test('a connection that breaks during a call is told apart from no daemon', async () => {
  await using root = await TestRoot.make();
  const front = `${root.socket}.front`;
  const connections: Socket[] = [];
  const proxy = await listen(front, (connection) => {
    const inner = connectSocket(root.socket);
    inner.on('error', () => {});
    connection.pipe(inner).pipe(connection);
    connections.push(connection, inner);
  });
  await root.serve({
    runtime: {
      exec: async (context) => {
        for (const connection of connections) connection.destroy();
        return await untilAborted(context);
      },
    },
  });
  await expect(exec(root, { socket: front })).rejects.toThrow('broke off before the call ended. It serves again');
  proxy.close();
});

test('a daemon that dies during a call is told apart from no daemon', async () => {
  await using root = await TestRoot.make();
  const daemon = await root.serve({
    runtime: {
      exec: async (context) => {
        daemon.kill();
        return await untilAborted(context);
      },
    },
  });
  await expect(exec(root)).rejects.toThrow('broke off before the call ended. Nobody answers there now');
});
