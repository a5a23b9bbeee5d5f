import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

it('the example in the README is the one that is tested', async () => {
  const [, example] = /```ts\n(.*?)```/s.exec(await readFile(path('../README.md'), 'utf8')) ?? [];
  expect(example).toBe(await readFile(path('readme-example.ts'), 'utf8'));
});

it('the example in the README runs', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    path('fixtures/run.js'),
    path('readme-example.ts'),
  ]);
  expect(stderr).toBe('');
  const lines = stdout.trimEnd().split('\n');
  expect(lines.filter((line) => !line.startsWith('{'))).toEqual(['1 Listening', '2 Ready']);
  expect(lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))).toMatchObject([
    { message: 'Listening', fields: { port: 8080 } },
    { message: 'Ready' },
  ]);
});
