import { spawnSync } from 'node:child_process';
import type { ReadStream } from 'node:tty';

/** They end the process with no other word, and nobody else here listens for them. */
const fatalSignals = ['SIGQUIT', 'SIGABRT', 'SIGALRM', 'SIGUSR2', 'SIGXCPU'] as const;

/**
 * Owns the mode of the terminal that is standard input: raw from here on, and as it was once this is disposed of or the
 * process ends, in whatever way it can notice.
 */
export class TerminalMode implements Disposable {
  private isRaw = false;

  private constructor(private readonly terminal: ReadStream) {}

  /** Every key is a byte of input from now on, and output is shown as it comes. */
  static raw(terminal: ReadStream = process.stdin): TerminalMode {
    const mode = new TerminalMode(terminal);
    // A terminal that has hung up takes no mode any more.
    terminal.on('error', ignore);
    process.on('exit', mode.restore);
    process.on('SIGCONT', mode.enter);
    for (const name of fatalSignals) process.on(name, mode.end);
    mode.enter();
    return mode;
  }

  [Symbol.dispose](): void {
    this.restore();
    process.off('exit', this.restore);
    process.off('SIGCONT', this.enter);
    for (const name of fatalSignals) process.off(name, this.end);
    this.terminal.off('error', ignore);
  }

  /** Also after a stop: the shell had the terminal meanwhile, and set its own mode. */
  private readonly enter = (): void => {
    this.restore();
    this.isRaw = true;
    this.terminal.setRawMode(true);
    // Node leaves on that "\n" becomes "\r\n": programs that draw mean just one line down. Node's own way back, which it
    // also takes at the end of the process, undoes this too.
    spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
  };

  private readonly restore = (): void => {
    if (!this.isRaw) return;
    this.isRaw = false;
    this.terminal.setRawMode(false);
  };

  private readonly end = (signal: NodeJS.Signals): void => {
    this[Symbol.dispose]();
    process.kill(process.pid, signal);
  };
}

function ignore(): void {}
