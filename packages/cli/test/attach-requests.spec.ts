import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { AttachRequests } from '../src/attach/attach-requests.js';
import { StandardInput } from '../src/attach/standard-input.js';

function pipe() {
  const stream = new PassThrough({ highWaterMark: 1024 });
  const events: string[] = [];
  const requests = new AttachRequests({
    onInputEnd: () => {
      events.push('input ended');
      requests.send({ $case: 'stdinClosed', value: true });
    },
    onSaid: () => events.push('all said'),
  });
  const input = new StandardInput(
    { onReadable: () => requests.wake(), onError: (error) => events.push(error.message) },
    stream as unknown as NodeJS.ReadStream,
  );
  requests.connect(input, (bytes) => bytes);
  return { stream, events, requests, input };
}

test('whoever writes the input waits until the connection takes more', async () => {
  const { stream, requests } = pipe();
  const iterator = requests[Symbol.asyncIterator]();
  stream.write(Buffer.alloc(1024));
  await iterator.next();
  stream.write(Buffer.alloc(1024));
  const isWritable = stream.write(Buffer.alloc(1024));
  // Nobody asks for the next one: it stays in the pipe, which is full.
  await new Promise((resolve) => setImmediate(resolve));
  expect(isWritable).toBe(false);
  expect(stream.writableLength + stream.readableLength).toBeGreaterThanOrEqual(2048);
  const drained = new Promise((resolve) => stream.once('drain', resolve));
  await Promise.all([drained, iterator.next()]);
});

test('what else there is to say goes before the input that waits', async () => {
  const { stream, requests } = pipe();
  stream.write('typed');
  requests.send({ $case: 'resize', value: { rows: 1, columns: 2 } });
  const iterator = requests[Symbol.asyncIterator]();
  expect((await iterator.next()).value).toMatchObject({ input: { $case: 'resize' } });
  expect((await iterator.next()).value).toMatchObject({ input: { $case: 'stdin' } });
});

test('the end of the input comes once, after its last byte', async () => {
  const { stream, requests, events } = pipe();
  stream.end('last');
  const iterator = requests[Symbol.asyncIterator]();
  expect((await iterator.next()).value).toEqual({ input: { $case: 'stdin', value: Buffer.from('last') } });
  expect((await iterator.next()).value).toEqual({ input: { $case: 'stdinClosed', value: true } });
  requests.end();
  expect(await iterator.next()).toMatchObject({ done: true });
  expect(events).toEqual(['input ended', 'all said']);
});

test('what was said before the end is still sent', async () => {
  const { requests, events } = pipe();
  requests.send({ $case: 'signal', value: 'HUP' });
  requests.end();
  const said = [];
  for await (const { input } of requests) said.push(input);
  expect(said).toEqual([{ $case: 'signal', value: 'HUP' }]);
  expect(events).toEqual(['all said']);
});
