import { createServer as createHttpsServer } from 'node:https';
import { createServer } from 'node:net';
import { UnavailableError } from '@aurae/proto';
import { describe, expect, test } from 'vitest';
import { makeCertificate } from '../../pki/certificates.js';
import { answers, execProbe, httpProbe, logItem, logProbe, ProbedRun, tcpProbe } from './probe-fixture.js';
import { fullPort, httpServer, refusedPort, serve, tcpServer } from './probed-server.js';

const exec = execProbe('is-it', 'well now');

describe('by a connection', () => {
  test('is ready when it is accepted, and lets it go', async () => {
    const server = await tcpServer();
    const run = new ProbedRun();
    await run.ready(tcpProbe(server.port));
    await server.untilAccepted(1);
    await server.untilNoneIsOpen();
    expect(run.failures).toEqual([]);
    expect(run.clock.waiting).toBe(0);
  });

  test('asks again after the interval, until somebody listens', async () => {
    const port = await refusedPort();
    const run = new ProbedRun();
    const ready = run.ready({ ...tcpProbe(port), intervalMs: 500 });
    await run.untilFailures(1);
    await run.clock.advanceAsync(499);
    expect(run.failures).toEqual([`a connection to 127.0.0.1:${port} failed: the connection was refused`]);
    run.clock.advance(1);
    await run.untilFailures(2);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    await run.clock.advanceAsync(500);
    await ready;
    expect(run.failures).toHaveLength(2);
    await new Promise((resolve) => server.close(resolve));
  });

  test('gives up a connection that nobody accepts, once the time is over', async () => {
    const port = await fullPort();
    const run = new ProbedRun();
    const ready = run.ready({ ...tcpProbe(port), timeoutMs: 1500 });
    await run.clock.advanceAsync(1499);
    expect(run.failures).toEqual([]);
    run.clock.advance(1);
    await run.untilFailures(1);
    expect(run.failures).toEqual([`a connection to 127.0.0.1:${port} did not answer within 1500 ms`]);
    run.ending.abort(new Error('enough'));
    await expect(ready).rejects.toThrow('enough');
    expect(run.clock.waiting).toBe(0);
  });

  test.each(['::1', '[::1]'])('reaches an address of IPv6: %s', async (host) => {
    const server = await serve(createServer(), '::1');
    await new ProbedRun().ready(tcpProbe(server.port, host));
    await server.untilAccepted(1);
  });

  test('reaches a name', async () => {
    const server = await tcpServer();
    await new ProbedRun().ready(tcpProbe(server.port, 'localhost'));
    await server.untilAccepted(1);
  });

  test('tells that a name is not known', async () => {
    const run = new ProbedRun();
    run.ready(tcpProbe(80, 'nowhere.invalid')).catch(() => undefined);
    await run.untilFailures(1);
    expect(run.failures[0]).toMatch(/^a connection to nowhere\.invalid:80 failed: the name of the host /);
  });
});

describe('by a GET', () => {
  test('is ready with a status of 200, and says who asks', async () => {
    let heard: unknown;
    const server = await httpServer(({ method, url, headers, httpVersion }, response) => {
      heard = { method, url, headers, httpVersion };
      response.end('fine');
    });
    const run = new ProbedRun();
    await run.ready(httpProbe(server.port, { path: '/healthz?deep=1' }));
    expect(heard).toMatchObject({
      method: 'GET',
      url: '/healthz?deep=1',
      headers: { 'user-agent': 'auraed', host: `127.0.0.1:${server.port}` },
    });
    await server.untilNoneIsOpen();
    expect(run.clock.waiting).toBe(0);
  });

  test('is ready with a redirect, and does not follow it', async () => {
    const paths: (string | undefined)[] = [];
    const server = await httpServer(({ url }, response) => {
      paths.push(url);
      response.writeHead(302, { Location: '/elsewhere' }).end();
    });
    await new ProbedRun().ready(httpProbe(server.port));
    expect(paths).toEqual(['/']);
  });

  test('is not ready with another status, until it has changed', async () => {
    const statuses = [503, 404, 200];
    const server = await httpServer((_, response) => response.writeHead(statuses.shift() ?? 200).end());
    const run = new ProbedRun();
    const ready = run.ready(httpProbe(server.port, { path: '/healthz' }));
    await run.untilFailures(1);
    run.clock.advance(1000);
    await run.untilFailures(2);
    run.clock.advance(1000);
    await ready;
    const url = `http://127.0.0.1:${server.port}/healthz`;
    expect(run.failures).toEqual([`GET ${url} answered 503`, `GET ${url} answered 404`]);
  });

  test.each([
    ['accepts and is silent', undefined],
    ['does not end its headers', 'HTTP/1.1 200 OK\r\nX-Slow: '],
  ])('ends the connection to a server that %s, once the time is over', async (_, begin) => {
    const server = await tcpServer((socket) => {
      if (begin) socket.write(begin);
    });
    const run = new ProbedRun();
    run.ready({ ...httpProbe(server.port), timeoutMs: 2000 }).catch(() => undefined);
    await server.untilAccepted(1);
    await run.clock.advanceAsync(1999);
    expect(run.failures).toEqual([]);
    run.clock.advance(1);
    await run.untilFailures(1);
    expect(run.failures).toEqual([`GET http://127.0.0.1:${server.port}/ did not answer within 2 s`]);
    await server.untilNoneIsOpen();
  });

  test('reads little of a body without an end, and takes the status for the answer', async () => {
    const server = await httpServer((_, response) => {
      const chunk = 'x'.repeat(16_384);
      const more = () => {
        while (response.write(chunk));
        response.once('drain', more);
      };
      more();
    });
    await new ProbedRun().ready(httpProbe(server.port));
    await server.untilNoneIsOpen();
  });

  test('takes the status for the answer when the body breaks off', async () => {
    const server = await httpServer((_, response) => {
      response.writeHead(200, { 'Content-Length': '10' });
      response.write('half');
      response.socket?.end();
    });
    const run = new ProbedRun();
    await run.ready(httpProbe(server.port));
    expect(run.failures).toEqual([]);
  });

  test('takes the status for the answer when the body is no HTTP', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nthis is no chunk\r\n';
    const server = await tcpServer((socket) => socket.once('data', () => socket.write(answer)));
    const run = new ProbedRun();
    await run.ready(httpProbe(server.port));
    expect(run.failures).toEqual([]);
  });

  test('takes the status for the answer when the body is slow', async () => {
    const server = await httpServer((_, response) => {
      response.writeHead(200);
      response.write('slow');
    });
    const run = new ProbedRun();
    const ready = run.ready(httpProbe(server.port));
    await server.untilAccepted(1);
    const isReady = ready.then(() => true);
    // The headers have to be on this side before the time is over, which nothing tells.
    while (!(await Promise.race([isReady, turn()]))) run.clock.advance(20);
    expect(run.failures).toEqual([]);
    await server.untilNoneIsOpen();
  });

  test('tells that the connection was reset', async () => {
    const server = await tcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const run = new ProbedRun();
    run.ready(httpProbe(server.port)).catch(() => undefined);
    await run.untilFailures(1);
    expect(run.failures[0]).toBe(`GET http://127.0.0.1:${server.port}/ failed: the connection was reset`);
  });

  test('tells that the answer is no HTTP', async () => {
    const server = await tcpServer((socket) => socket.end('220 mail.example ESMTP\r\n'));
    const run = new ProbedRun();
    run.ready(httpProbe(server.port)).catch(() => undefined);
    await run.untilFailures(1);
    expect(run.failures[0]).toMatch(/^GET http:\/\/127\.0\.0\.1:\d+\/ failed: ./);
  });

  test('asks over TLS without a look at the certificate', async () => {
    const expired = new Date(Date.now() - 1000);
    const { certPem, keyPem } = await makeCertificate({ usage: 'server', commonName: 'another', notAfter: expired });
    const server = await serve(
      createHttpsServer({ cert: certPem, key: keyPem }, (_, response) => response.end('fine')),
    );
    await new ProbedRun().ready(httpProbe(server.port, { tls: true }));
  });

  test('never asks twice at once', async () => {
    const server = await tcpServer();
    const run = new ProbedRun();
    run.ready({ ...httpProbe(server.port), intervalMs: 10, timeoutMs: 1000 }).catch(() => undefined);
    for (let asked = 1; asked <= 3; asked += 1) {
      await server.untilAccepted(asked);
      await run.clock.advanceAsync(1000);
      await run.untilFailures(asked);
      await server.untilNoneIsOpen();
      await run.clock.advanceAsync(10);
    }
    expect(server.mostOpen()).toBe(1);
  });
});

describe('by a command', () => {
  test('is ready once nothing is wrong', async () => {
    const run = new ProbedRun();
    run.exec = answers('`is-it` exited with 2', undefined);
    const ready = run.ready(exec);
    await run.untilFailures(1);
    run.clock.advance(1000);
    await ready;
    expect(run.failures).toEqual(['`is-it` exited with 2']);
  });

  test('ends a command that takes too long, and asks again only when it is gone', async () => {
    const run = new ProbedRun();
    const asked: AbortSignal[] = [];
    let gone: () => void = () => undefined;
    run.exec = (_, signal) => {
      asked.push(signal);
      return new Promise((resolve) => (gone = () => resolve('killed')));
    };
    run.ready({ ...exec, intervalMs: 10 }).catch(() => undefined);
    await run.clock.advanceAsync(999);
    expect(asked.map(({ aborted }) => aborted)).toEqual([false]);
    await run.clock.advanceAsync(5000);
    expect(asked.map(({ aborted }) => aborted)).toEqual([true]);
    gone();
    await run.untilFailures(1);
    expect(run.failures).toEqual([`the command "is-it 'well now'" did not answer within 1 s`]);
    await run.clock.advanceAsync(10);
    expect(asked.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  test('tells why a command could not be run', async () => {
    const run = new ProbedRun();
    run.exec = async () => {
      throw new UnavailableError('nobody runs commands now');
    };
    run.ready(exec).catch(() => undefined);
    await run.untilFailures(1);
    expect(run.failures).toEqual([`the command "is-it 'well now'": nobody runs commands now`]);
  });
});

describe('by a line of the log', () => {
  test('is ready when a line matches, be it old or new', async () => {
    const run = new ProbedRun();
    run.log.write('starting', 'listening on port 80');
    await run.ready(logProbe('port [0-9]+$'));
    const later = new ProbedRun();
    const ready = later.ready(logProbe('port [0-9]+$'));
    later.log.write('starting');
    later.log.write('listening on port 80');
    await ready;
    expect([run.log.readers, later.log.readers]).toEqual([0, 0]);
    expect(later.failures).toEqual(['there was not yet a line of the log that matches "port [0-9]+$"']);
  });

  test('looks only at the channel that it was told', async () => {
    const run = new ProbedRun();
    const ready = run.ready(logProbe('^ready (?P<by>.*)', 'stderr'));
    run.log.write(logItem('ready a'), logItem('not ready', { channel: 'stderr' }));
    run.log.end();
    await run.untilFailures(2);
    expect(run.failures[1]).toContain('the log has ended without a line of the log that matches "^ready (?P<by>.*)"');
    run.log.write(logItem('ready b', { channel: 'stderr' }));
    run.clock.advance(1000);
    await ready;
  });

  test('joins the parts of a line, and not those of two channels', async () => {
    const run = new ProbedRun();
    const ready = run.ready(logProbe('^he(llo) world$'));
    run.log.write(
      logItem('hel', { partial: true }),
      logItem('he', { channel: 'stderr', partial: true }),
      logItem('lo wo', { partial: true }),
      logItem('lp', { channel: 'stderr' }),
      logItem('rld'),
    );
    await ready;
  });

  test('does not take the notice of lost lines for a line', async () => {
    const run = new ProbedRun();
    run.log.write(logItem('3 lines were lost', { channel: '', dropped: 3n }));
    run.log.end();
    run.ready(logProbe('lost')).catch(() => undefined);
    await run.untilFailures(2);
  });

  test('lets others have a turn while it reads a long one, and ends when it is aborted then', async () => {
    const run = new ProbedRun();
    const longest = 10_000;
    let read = 0;
    run.log.read = async function* () {
      for (; read < longest; read += 1) yield { items: [logItem('x'.repeat(1000))], logId: '' };
    };
    const ready = run.ready(logProbe('never'));
    setImmediate(() => run.ending.abort(new Error('stopped')));
    await expect(ready).rejects.toThrow('stopped');
    expect(read).toBeLessThan(longest);
  });

  test('reads on when reading has failed', async () => {
    const run = new ProbedRun();
    const { read } = run.log;
    run.log.read = async function* () {
      run.log.read = read;
      yield { items: [logItem('starting')], logId: '' };
      throw new UnavailableError('the log is busy');
    };
    const ready = run.ready({ ...logProbe('ready'), intervalMs: 200 });
    await run.untilFailures(2);
    expect(run.failures[1]).toContain('the log is busy');
    run.log.write('ready');
    run.clock.advance(200);
    await ready;
  });
});

describe('whatever the check', () => {
  test('the first question comes after the initial delay, counted from the start of the run', async () => {
    const run = new ProbedRun();
    let asked = 0;
    run.exec = async () => {
      asked += 1;
      return undefined;
    };
    const ready = run.ready({ ...exec, initialDelayMs: 5000 }, 2000);
    await run.clock.advanceAsync(2999);
    expect(asked).toBe(0);
    await run.clock.advanceAsync(1);
    await ready;
    expect(asked).toBe(1);
  });

  test('an initial delay that is over delays nothing', async () => {
    const run = new ProbedRun();
    await Promise.all([run.ready({ ...exec, initialDelayMs: 5000 }, 9000), run.clock.advanceAsync(0)]);
    expect(run.clock.waiting).toBe(0);
  });

  test('nothing is asked when it was aborted before', async () => {
    const run = new ProbedRun();
    run.exec = () => expect.unreachable();
    run.ending.abort(new Error('stopped'));
    await expect(run.ready(exec)).rejects.toThrow('stopped');
    expect(run.clock.waiting).toBe(0);
  });

  test.each(['delay', 'question', 'log', 'interval'])(
    'an abort during the %s leaves nothing behind',
    async (during) => {
      const server = await tcpServer();
      const run = new ProbedRun();
      const probe = {
        delay: { ...httpProbe(server.port), initialDelayMs: 1000 },
        question: httpProbe(server.port),
        log: logProbe('never'),
        interval: tcpProbe(await refusedPort()),
      }[during as 'delay'];
      const ready = run.ready(probe);
      if (during === 'question') await server.untilAccepted(1);
      if (during === 'interval' || during === 'log') await run.untilFailures(1);
      const reason = new Error('stopped');
      run.ending.abort(reason);
      await expect(ready).rejects.toBe(reason);
      await server.untilNoneIsOpen();
      expect(run.clock.waiting).toBe(0);
      expect(run.log.readers).toBe(0);
    },
  );
});

function turn(): Promise<false> {
  return new Promise((resolve) => setImmediate(() => resolve(false)));
}
