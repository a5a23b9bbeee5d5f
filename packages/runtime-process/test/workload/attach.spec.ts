import { callContext, InvalidSpecError, meta, NotFoundError, runtime } from '@aurae/proto';
import { expect, test } from 'vitest';
import { Executables, reference } from './executables.js';

type Input = NonNullable<runtime.AttachRequest['input']>;

/** A conversation with a running executable, as a client holds one. */
class Conversation {
  readonly received: runtime.AttachResponse[] = [];
  private readonly inputs: runtime.AttachRequest[];
  private wake = () => {};
  private isClosed = false;
  private readonly responses: AsyncIterator<runtime.AttachResponse>;
  private readonly controller = new AbortController();

  constructor(executables: Executables, name: string, open: Partial<runtime.AttachOpen> = {}) {
    const target = { $case: 'workload', value: reference(name) } as const;
    const value = { ...runtime.AttachOpen.fromPartial({}), ...open, target };
    this.inputs = [{ input: { $case: 'open', value } }];
    const context = callContext({ signal: this.controller.signal });
    this.responses = executables.processes.attach(context, this.requests())[Symbol.asyncIterator]();
  }

  say(input: Input): void {
    this.inputs.push({ input });
    this.wake();
  }

  type(text: string): void {
    this.say({ $case: 'stdin', value: Buffer.from(text) });
  }

  async next(): Promise<runtime.AttachResponse['output']> {
    const { value, done } = await this.responses.next();
    if (done) return undefined;
    this.received.push(value);
    return value.output;
  }

  /** Reads until the output holds the text. */
  async until(text: string): Promise<string> {
    while (!this.text().includes(text)) if (!(await this.next())) throw new Error(`ended after ${this.text()}`);
    return this.text();
  }

  async toEnd(): Promise<runtime.ExecutableStatus | undefined> {
    for (let output = await this.next(); output; output = await this.next()) {
      if (output.$case === 'ended') return output.value;
    }
    return undefined;
  }

  text(): string {
    return this.received
      .map(({ output }) => (output?.$case === 'stdout' || output?.$case === 'stderr' ? output.value.toString() : ''))
      .join('');
  }

  async leave(): Promise<void> {
    this.controller.abort();
    this.isClosed = true;
    this.wake();
    await this.responses.return?.();
  }

  private async *requests(): AsyncGenerator<runtime.AttachRequest> {
    while (!this.isClosed) {
      const next = this.inputs.shift();
      if (next) yield next;
      else
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
    }
  }
}

test('a watcher sees what is written, and at last the end', async () => {
  const executables = await Executables.open();
  const script = 'read line; echo "out $line"; echo err >&2; exit 6';
  const { proc } = await executables.start('web', ['sh', '-c', script], { stdin: true });
  const conversation = new Conversation(executables, 'web');
  expect(await conversation.next()).toEqual({ $case: 'started', value: { proc } });
  conversation.type('hello\n');
  const ended = await conversation.toEnd();
  expect(ended).toMatchObject({ status: meta.Status.STATUS_COMPLETE, exitCode: '6', meta: { name: 'web' } });
  expect(conversation.text()).toContain('out hello\n');
  expect(conversation.text()).toContain('err\n');
  await conversation.leave();
});

test('several watch at once', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sh', '-c', 'read line; echo "got $line"'], { stdin: true });
  const [one, other] = [new Conversation(executables, 'web'), new Conversation(executables, 'web')];
  await one.next();
  await other.next();
  one.type('it\n');
  await one.toEnd();
  await other.toEnd();
  expect([one.text(), other.text()]).toEqual(['got it\n', 'got it\n']);
  await one.leave();
  await other.leave();
});

test('who leaves ends nothing', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['cat'], { stdin: true });
  const first = new Conversation(executables, 'web');
  await first.next();
  first.type('one\n');
  await first.until('one\n');
  await first.leave();
  const second = new Conversation(executables, 'web');
  await second.next();
  second.type('two\n');
  await second.until('two\n');
  await second.leave();
  expect(await executables.status('web')).toMatchObject({ status: meta.Status.STATUS_ACTIVE });
});

test('the end of the input is the end of its standard input', async () => {
  const executables = await Executables.open();
  await executables.start('sum', ['wc', '-c'], { stdin: true });
  const conversation = new Conversation(executables, 'sum');
  await conversation.next();
  conversation.type('x'.repeat(300_000));
  conversation.say({ $case: 'stdinClosed', value: true });
  expect(await conversation.toEnd()).toMatchObject({ exitCode: '0' });
  expect(conversation.text().trim()).toBe('300000');
  await conversation.leave();
});

test('on a terminal it gets its size, later sizes and keys', async () => {
  const executables = await Executables.open();
  const script = 'stty size; trap "stty size" WINCH; echo ready; while :; do read line && echo "<$line>"; done';
  await executables.start('shell', ['sh', '-c', script], { terminal: { rows: 10, columns: 33 } });
  const conversation = new Conversation(executables, 'shell', { stdin: true });
  await conversation.next();
  conversation.type('hi\n');
  await conversation.until('<hi>');
  conversation.say({ $case: 'resize', value: { rows: 44, columns: 55 } });
  await conversation.until('44 55');
  conversation.type('\u0003');
  expect(await conversation.toEnd()).toMatchObject({ exitCode: '130', signal: 2 });
  expect(await executables.output('shell')).toMatch(/^10 33\r?$/m);
  await conversation.leave();
});

test('signals reach it', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sleep', '1000']);
  const conversation = new Conversation(executables, 'web');
  await conversation.next();
  conversation.say({ $case: 'signal', value: 'INT' });
  expect(await conversation.toEnd()).toMatchObject({ signal: 2 });
  await conversation.leave();
});

test('a watcher that does not read holds up nobody', async () => {
  const executables = await Executables.open();
  const script = 'read go; head -c 20000000 /dev/zero | tr "\\0" x; echo; echo done';
  await executables.start('loud', ['sh', '-c', script], { stdin: true });
  const idle = new Conversation(executables, 'loud');
  await idle.next();
  idle.type('go\n');
  const status = await executables.becomes('loud', meta.Status.STATUS_COMPLETE);
  expect(status).toMatchObject({ exitCode: '0', logLostRecords: 0n });
  await idle.leave();
});

test('what cannot be attached to is told', async () => {
  const executables = await Executables.open();
  await expect(new Conversation(executables, 'nothing').next()).rejects.toThrow(NotFoundError);
  await executables.start('short', ['true']);
  await executables.becomes('short', meta.Status.STATUS_COMPLETE);
  await expect(new Conversation(executables, 'short').next()).rejects.toThrow(/it does not run now/);
});

test('a second open is refused, and the executable runs on', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sleep', '1000']);
  const conversation = new Conversation(executables, 'web');
  await conversation.next();
  conversation.say({ $case: 'open', value: runtime.AttachOpen.fromPartial({}) });
  await expect(conversation.next()).rejects.toThrow(InvalidSpecError);
  expect(await executables.status('web')).toMatchObject({ status: meta.Status.STATUS_ACTIVE });
});
