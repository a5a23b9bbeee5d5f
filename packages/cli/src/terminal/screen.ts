import type { WriteStream } from 'node:tty';

export interface ScreenSize {
  readonly rows: number;
  readonly columns: number;
}

/** What a terminal has whose size nobody knows. */
const usual: ScreenSize = { rows: 24, columns: 80 };

// https://invisible-island.net/xterm/ctlseqs/ctlseqs.html; lines do not wrap, so that a character that is wider than it
// was thought to be spoils no more than its own line.
const enterSequence = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[H\u001b[2J';
const leaveSequence = '\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l';
// https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036: what knows it not ignores it.
const beginUpdate = '\u001b[?2026h';
const endUpdate = '\u001b[?2026l';

/** They end the process with no other word. */
const fatalSignals = ['SIGQUIT', 'SIGABRT', 'SIGALRM', 'SIGUSR2', 'SIGXCPU'] as const;

/** The whole terminal, until this is disposed of or the process ends: what it showed before comes back then. */
export class Screen implements Disposable {
  private shown: readonly string[] = [];
  private isEntered = false;

  constructor(private readonly terminal: WriteStream = process.stdout) {
    // A terminal that has hung up takes nothing any more.
    terminal.on('error', ignore);
    process.on('exit', this.leave);
    for (const name of fatalSignals) process.once(name, this.leave);
    this.enter();
  }

  get size(): ScreenSize {
    return { rows: this.terminal.rows || usual.rows, columns: this.terminal.columns || usual.columns };
  }

  /** Tells of every new size. Returns how to stop that. */
  onResize(listener: () => void): () => void {
    const handle = () => {
      this.redraw();
      listener();
    };
    this.terminal.on('resize', handle);
    return () => this.terminal.off('resize', handle);
  }

  /** Shows these lines, none wider than the screen, and nothing else. Writes only what has changed. */
  draw(lines: readonly string[]): void {
    if (!this.isEntered) return;
    const count = Math.max(lines.length, this.shown.length);
    let changes = '';
    for (let row = 0; row < count; row++) {
      const line = lines[row] ?? '';
      // Erased before and not after: the cursor stays on the last column of a full line, which would be erased with it.
      if (line !== this.shown[row]) changes += `\u001b[${row + 1};1H\u001b[K${line}\u001b[0m`;
    }
    this.shown = [...lines];
    if (changes !== '') this.terminal.write(beginUpdate + changes + endUpdate);
  }

  /** Nobody knows any more what is there: the next lines are drawn on an empty screen. */
  redraw(): void {
    if (!this.isEntered) return;
    this.shown = [];
    this.terminal.write('\u001b[0m\u001b[2J');
  }

  /** Twice is harmless. */
  enter(): void {
    if (!this.isEntered) this.terminal.write(enterSequence);
    this.isEntered = true;
    this.redraw();
  }

  /** What the terminal showed before is there again. Twice is harmless. */
  readonly leave = (): void => {
    if (!this.isEntered) return;
    this.isEntered = false;
    this.shown = [];
    // Writes to a terminal have happened when this returns, which at the end of the process matters.
    this.terminal.write(leaveSequence);
  };

  [Symbol.dispose](): void {
    this.leave();
    process.off('exit', this.leave);
    for (const name of fatalSignals) process.off(name, this.leave);
  }
}

function ignore(): void {}
