import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const pollMs = 20;

/** A real terminal, of a tmux server of its own, with a shell in it. */
export class TmuxTerminal implements Disposable {
  private readonly directory = mkdtempSync(join(tmpdir(), 'aurae-tmux-'));
  private readonly socket = join(this.directory, 'socket');

  constructor(env: Record<string, string>, size = { rows: 24, columns: 80 }) {
    const variables = Object.entries({ HISTFILE: '/dev/null', ...env }).flatMap(([name, value]) => [
      '-e',
      `${name}=${value}`,
    ]);
    const dimensions = ['-x', String(size.columns), '-y', String(size.rows)];
    this.tmux('-f', '/dev/null', 'new-session', '-d', ...dimensions, ...variables, '/bin/bash --norc --noprofile -i');
  }

  /** Types the text and then Enter. */
  enter(text: string): void {
    this.tmux('send-keys', '-l', text);
    this.tmux('send-keys', 'Enter');
  }

  /** Keys by their names in tmux: `C-c`, `Escape`, `q`. */
  press(...keys: readonly string[]): void {
    this.tmux('send-keys', ...keys);
  }

  resize(rows: number, columns: number): void {
    this.tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Without the spaces at the ends of its lines. */
  get screen(): string {
    return this.tmux('capture-pane', '-p');
  }

  /** The screen, once it shows this. A screen can only be looked at again and again. */
  async shows(text: RegExp, limitMs = 15_000): Promise<string> {
    const limit = performance.now() + limitMs;
    for (;;) {
      const { screen } = this;
      if (text.test(screen)) return screen;
      if (performance.now() > limit) throw new Error(`The terminal does not show ${text}:\n${screen}`);
      await delay(pollMs);
    }
  }

  [Symbol.dispose](): void {
    try {
      this.tmux('kill-server');
    } finally {
      rmSync(this.directory, { recursive: true });
    }
  }

  private tmux(...args: readonly string[]): string {
    const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', TERM: 'xterm-256color', LANG: 'C.UTF-8' };
    return execFileSync('tmux', ['-S', this.socket, ...args], { encoding: 'utf8', env });
  }
}
