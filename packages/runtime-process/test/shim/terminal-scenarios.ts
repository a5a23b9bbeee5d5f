import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { frameType } from './shim-connection.js';
import type { ShimProgram } from './shim-program.js';
import { startShim } from './shim-run.js';

const trampoline = fileURLToPath(new URL('../../build/Release/aurae-exec', import.meta.url));

function size(rows: number, columns: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt16LE(rows, 0);
  payload.writeUInt16LE(columns, 2);
  return payload;
}

export function terminalScenarios(shim: () => ShimProgram): void {
  test('a terminal has the size that was asked for, and then another', async () => {
    const run = startShim(shim(), ['sh', '-c', 'tty; stty size; read line; stty size'], { terminal: '24x80' });
    const client = await run.client();
    await expect.poll(() => run.logged('stdout'), { timeout: 20_000 }).toContain('24 80');
    client.send(frameType.resize, size(40, 100));
    client.send(frameType.stdin, Buffer.from('\n'));
    await run.exit();
    const lines = run.logged('stdout').split('\r\n');
    expect(lines[0]).toMatch(/^\/dev\/pts\/\d+$/);
    expect(lines).toContain('24 80');
    expect(lines).toContain('40 100');
  });

  test('the keys of a terminal interrupt and end what reads from it', async () => {
    const script =
      'trap "echo interrupted; seen=1" INT; echo ready; while [ -z "$seen" ]; do sleep 0.01; done; cat; echo end';
    const run = startShim(shim(), ['sh', '-c', script], { terminal: '24x80' });
    const client = await run.client();
    await expect.poll(() => run.logged('stdout'), { timeout: 20_000 }).toContain('ready');
    client.send(frameType.watch);
    client.send(frameType.stdin, Buffer.from('\u0003'));
    await client.until('interrupted');
    client.send(frameType.stdinEnd);
    expect(await run.exit()).toMatchObject({ code: 0 });
    expect(run.logged('stdout')).toContain('end\r\n');
  });

  test.skipIf(process.getuid?.() !== 0)('a terminal belongs to the user of the workload', async () => {
    const script = 'read line; stat -c %U $(tty); echo opened > $(tty)';
    const run = startShim(shim(), ['sh', '-c', script], { terminal: '24x80', user: 'nobody', trampoline });
    (await run.client()).send(frameType.stdin, Buffer.from('\n'));
    await run.exit();
    expect(run.logged('stdout').split('\r\n').slice(-3)).toEqual(['nobody', 'opened', '']);
  });

  test('the last words before the end are never lost', async () => {
    for (let i = 0; i < 20; i++) {
      const run = startShim(shim(), ['sh', '-c', 'printf "%01000d" 1; exit 3'], { terminal: '24x80' });
      expect(await run.exit()).toMatchObject({ code: 3 });
      expect(run.logged('stdout')).toBe('1'.padStart(1000, '0'));
    }
  });

  test('a terminal that nobody has open can be opened again', async () => {
    const script =
      'exec 3>&1; t=$(tty); exec <&- >&- 2>&- 3>&-; sleep 0.2; exec <>$t >&0 2>&0; echo again; read line; echo $line';
    const run = startShim(shim(), ['sh', '-c', script], { terminal: '24x80' });
    await run.started();
    const client = await run.connect();
    await expect.poll(() => run.logged('stdout'), { timeout: 20_000 }).toContain('again');
    client.send(frameType.stdin, Buffer.from('typed\n'));
    expect(await run.exit()).toMatchObject({ code: 0 });
    expect(run.logged('stdout')).toContain('typed\r\ntyped\r\n');
  });
}
