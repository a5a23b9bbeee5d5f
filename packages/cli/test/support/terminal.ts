import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { fileURLToPath } from 'node:url';
import { bin, cliEnvironment } from './run-cli.js';
import { ScreenModel } from './screen-model.js';
import { Signalled } from './signalled.js';

const program = fileURLToPath(new URL('../fixtures/terminal.py', import.meta.url));

interface Report {
  readonly shown?: string;
  readonly settings?: string;
  readonly exit?: number;
}

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

const usualSize: TerminalSize = { rows: 30, columns: 100 };

/** The command on a real terminal, of 30 rows and 100 columns unless another size is asked for. */
export class Terminal implements AsyncDisposable {
  /** Exit code of the command, or minus the signal that killed it. */
  readonly exited: Promise<number>;
  /** What is to be seen on it, for programs that draw on the whole of it: those that are given a size. */
  readonly screen: ScreenModel;
  private text = '';
  private readonly waiting = new Set<() => void>();
  private readonly settingsAsked: Signalled<string>[] = [];
  private readonly exit = new Signalled<number>();
  private hasExited = false;
  /** A piece may end within a character. */
  private readonly decoder = new StringDecoder('utf8');

  private constructor(
    private readonly child: ChildProcessByStdio<Writable, Readable, null>,
    { rows, columns }: TerminalSize,
    private readonly isScreenKept: boolean,
  ) {
    this.screen = new ScreenModel(rows, columns);
    this.exited = this.exit.promise;
    createInterface(child.stdout).on('line', (line) => this.take(JSON.parse(line) as Report));
    child.once('close', () => this.exit.announce(Number.NaN));
  }

  static run(args: readonly string[], variables: Readonly<Record<string, string>> = {}, size?: TerminalSize): Terminal {
    const { rows, columns } = size ?? usualSize;
    const ownSize = { TEST_ROWS: String(rows), TEST_COLUMNS: String(columns) };
    const env = cliEnvironment({ TERM: 'xterm-test', ...ownSize, ...variables });
    const child = spawn('python3', [program, process.execPath, bin, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env,
    });
    return new Terminal(child, { rows, columns }, size !== undefined);
  }

  get shown(): string {
    return this.text;
  }

  /** Waits until the terminal has shown the text. */
  async shows(text: string): Promise<void> {
    await this.until(() => this.text.includes(text));
  }

  /** Waits until what is to be seen is as it should be. */
  async showsScreen(isAsItShouldBe: (lines: readonly string[], screen: ScreenModel) => boolean): Promise<void> {
    await this.until(() => isAsItShouldBe(this.screen.lines, this.screen));
  }

  private async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.hasExited) throw new Error(`The command ended and the terminal shows only ${JSON.stringify(this.text)}`);
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  type(text: string): void {
    this.order({ type: text });
  }

  resize(rows: number, columns: number): void {
    this.screen.resize(rows, columns);
    this.order({ resize: [rows, columns] });
  }

  kill(signal: NodeJS.Signals): void {
    this.order({ signal: constants.signals[signal] });
  }

  /** Nobody has the other side of the terminal any more, as when its window is closed. */
  hangUp(): void {
    this.order({ hangUp: true });
  }

  /** What `stty -a` tells, without the size. */
  async settings(): Promise<string> {
    return (await this.ask({ settings: true })).replace(/^.*line = /, '');
  }

  /** Changes the settings from outside, as a shell does when it has the terminal. */
  async stty(...args: readonly string[]): Promise<void> {
    await this.ask({ stty: args });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.child.exitCode === null ? once(this.child, 'close') : undefined;
    this.child.stdin.end();
    await closed;
  }

  private ask(order: object): Promise<string> {
    const asked = new Signalled<string>();
    this.settingsAsked.push(asked);
    this.order(order);
    return asked.promise;
  }

  private order(order: object): void {
    this.child.stdin.write(`${JSON.stringify(order)}\n`);
  }

  private show(text: string): void {
    this.text += text;
    if (this.isScreenKept) this.screen.write(text);
  }

  private take({ shown, settings, exit }: Report): void {
    if (shown !== undefined) this.show(this.decoder.write(Buffer.from(shown, 'base64')));
    if (settings !== undefined) this.settingsAsked.shift()?.announce(settings);
    if (exit !== undefined) {
      this.hasExited = true;
      this.exit.announce(exit);
    }
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const wake of waiting) wake();
  }
}
