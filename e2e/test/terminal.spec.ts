import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { childrenOf, eventually, type Program } from './auraed-fixture.js';
import { ExecutablesFixture } from './executables-fixture.js';
import { TmuxTerminal } from './tmux-terminal.js';

const aurae = fileURLToPath(new URL('../../packages/cli/bin/aurae.js', import.meta.url));
const missing = ['tmux', 'vim', 'top'].filter((program) => spawnSync('which', [program]).status !== 0);

describe.skipIf(missing.length > 0 && process.env['CI'] === undefined)('in a real terminal', () => {
  let fixture: ExecutablesFixture;
  let daemon: Program;
  let terminal: TmuxTerminal;
  let settings: string;

  beforeAll(async () => {
    fixture = new ExecutablesFixture();
    daemon = await fixture.start();
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  beforeEach(async () => {
    settings = '';
    terminal = new TmuxTerminal({ AURAE_ROOT: fixture.root });
    await terminal.shows(/[#$]$/m);
    terminal.enter(`PS1='$ '; aurae() { '${process.execPath}' '${aurae}' "$@"; }; clear`);
    settings = await terminalSettings();
  });
  afterEach(async () => {
    try {
      // Whatever happened, the terminal is as it was.
      expect(await terminalSettings()).toBe(settings);
      await eventually(() => childrenOf(daemon.pid).length === 0);
    } finally {
      terminal[Symbol.dispose]();
    }
  });

  async function terminalSettings(): Promise<string> {
    terminal.enter('clear; stty -a | grep -v rows; echo set"tings"');
    const screen = await terminal.shows(/^settings$/m);
    return screen.slice(screen.indexOf('intr ='), screen.indexOf('\nsettings'));
  }

  /** The shell's own word for how the last command ended. */
  async function exitCode(): Promise<number> {
    terminal.enter('echo co"de" $?');
    return Number(/^code (\d+)$/m.exec(await terminal.shows(/^code \d+$/m))?.[1]);
  }

  async function openShell(): Promise<void> {
    terminal.enter('clear; aurae exec -it -- bash --norc --noprofile -i');
    await terminal.shows(/^bash.*#$/m);
    terminal.enter('PS1="inside# "');
    await terminal.shows(/^inside#$/m);
  }

  /** It has shown its prompt already, and shows it again when it is asked to. */
  async function attach(): Promise<void> {
    terminal.enter('clear; aurae attach shell');
    await eventually(() => {
      terminal.press('Enter');
      return /^bash.*#$/m.test(terminal.screen);
    });
  }

  it('a shell knows its terminal and its size, and gives its exit code', async () => {
    await openShell();
    terminal.enter('tty; stty size');
    await terminal.shows(/^\/dev\/pts\/\d+\n24 80$/m);
    terminal.enter('exit 3');
    await terminal.shows(/^\$$/m);
    expect(await exitCode()).toBe(3);
  });

  it('a new size reaches the shell', async () => {
    await openShell();
    terminal.resize(40, 100);
    // The change comes by a signal to the command, and then by the wire: it is asked for until it is there.
    await eventually(async () => {
      terminal.enter('clear; stty size; echo do"ne"');
      return /^40 100$/m.test(await terminal.shows(/^done$/m));
    });
    terminal.press('C-d');
    await terminal.shows(/^\$$/m);
    expect(await exitCode()).toBe(0);
  });

  it('Ctrl-C ends the command inside, and not the shell', async () => {
    await openShell();
    terminal.enter('echo begi"ns"; sleep 100');
    await terminal.shows(/^begins$/m);
    await eventually(() => childrenOf(daemon.pid).some((pid) => childrenOf(pid).length === 1));
    terminal.press('C-c');
    await terminal.shows(/^\^C\ninside#$/m);
    terminal.enter('exit $?');
    await terminal.shows(/^\$$/m);
    expect(await exitCode()).toBe(130);
  });

  it('Ctrl-C ends a command without a shell with 130', async () => {
    terminal.enter('clear; aurae exec -it -- sleep 100');
    await eventually(() => childrenOf(daemon.pid).length === 1);
    await eventually(() => readFileSync(`/proc/${childrenOf(daemon.pid)[0]}/comm`, 'utf8') === 'sleep\n');
    terminal.press('C-c');
    await terminal.shows(/^\^C\$$/m);
    expect(await exitCode()).toBe(130);
  });

  it('vim writes a file and quits', async () => {
    const file = join(fixture.root, 'written');
    terminal.enter(`clear; aurae exec -it -- vim -u NONE -N ${file}`);
    await terminal.shows(/^~$/m);
    terminal.press('i');
    await terminal.shows(/-- INSERT --/);
    terminal.press('-l', 'written in vim: ä €');
    terminal.press('Escape');
    await eventually(() => !terminal.screen.includes('-- INSERT --'));
    terminal.enter(':wq');
    await terminal.shows(/^\$$/m);
    expect(readFileSync(file, 'utf8')).toBe('written in vim: ä €\n');
    expect(await exitCode()).toBe(0);
  });

  it('top shows and quits', async () => {
    terminal.enter('clear; aurae exec -it -- top');
    await terminal.shows(/load average/);
    await terminal.shows(/PID +USER/);
    terminal.press('q');
    await terminal.shows(/^\$$/m);
    expect(await exitCode()).toBe(0);
  });

  it('an executable with a terminal is attached to, left, and attached to again', async () => {
    terminal.enter('clear; aurae start --name shell -t -- bash --norc --noprofile -i');
    await terminal.shows(/^Started shell/m);
    await attach();
    terminal.press('C-p', 'C-q');
    await terminal.shows(/detached from "shell"/);
    expect(await exitCode()).toBe(0);
    await attach();
    terminal.enter('exit 5');
    await terminal.shows(/^\$$/m);
    expect(await exitCode()).toBe(5);
  });

  it('is as it was when the daemon is killed under a session', async () => {
    await openShell();
    await daemon.kill('SIGKILL');
    await terminal.shows(/^\$$/m);
    expect(await exitCode()).toBe(125);
    daemon = await fixture.start();
  });
});
