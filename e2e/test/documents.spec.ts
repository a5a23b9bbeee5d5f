import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuraedFixture, Program } from './auraed-fixture.js';

const repository = fileURLToPath(new URL('../..', import.meta.url));

let fixture: AuraedFixture;
beforeEach(() => {
  fixture = new AuraedFixture();
  // What is written below resolves the packages as a program in the checkout does.
  symlinkSync(join(repository, 'node_modules'), join(fixture.root, 'node_modules'));
});
afterEach(() => fixture[Symbol.asyncDispose]());

/** The code block of a document that contains the given text. */
function example(document: string, containing: string): string {
  const blocks = readFileSync(join(repository, document), 'utf8').matchAll(/^```(?:js|ts)\n(.*?)^```$/gms);
  for (const [, code] of blocks) if (code?.includes(containing)) return code;
  throw new Error(`${document} has no example with "${containing}"`);
}

function save(file: string, code: string): string {
  const path = join(fixture.root, file);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, code);
  return path;
}

describe('the examples in the documents', () => {
  it('the program of the README runs a command', async () => {
    await fixture.start();
    const program = save('hello.mjs', example('README.md', "from '@aurae/client'"));
    const { code, stdout, stderr } = await Program.start(process.execPath, [program], { AURAE_ROOT: fixture.root })
      .ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^0 \d+\.\d+/);
  });

  it('the configuration of the README is valid', async () => {
    const text = readFileSync(join(repository, 'README.md'), 'utf8');
    const toml = /^```toml\n(.*?)^```$/ms.exec(text)?.[1] ?? '';
    save('etc/aurae/auraed.toml', toml.replace('127.0.0.1:8080', '127.0.0.1:0'));
    await fixture.start();
  });

  it('the embedded daemon of its README serves', async () => {
    const code = example('packages/daemon/README.md', 'createDaemon').replaceAll('/tmp/node1', fixture.root);
    const program = Program.start(process.execPath, [save('embedded.mjs', code)]);
    await program.says('Serving on');
    expect((await fixture.aurae('exec', '--', 'echo', 'embedded')).stdout).toBe('embedded\n');
    expect((await program.kill('SIGINT')).code).toBe(0);
  });

  it('the log sink of CONTRIBUTING.md gets every line', async () => {
    save('etc/aurae/counting-sink.mjs', example('CONTRIBUTING.md', 'class CountingSink'));
    save('etc/aurae/auraed.toml', '[[log.sinks]]\nuse = "./counting-sink.mjs"\n');
    const daemon = await fixture.start();
    const { stdout } = await daemon.kill('SIGTERM');
    const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
    expect(lines.map((line) => Number(JSON.parse(line).item.sequence))).toEqual(lines.map((_, index) => index + 1));
    expect(stdout).toContain('Serving');
  });
});
