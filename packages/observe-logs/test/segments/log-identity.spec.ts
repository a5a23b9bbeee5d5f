import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { logIdentity } from '@aurae/observe-logs';
import { expect, it } from 'vitest';
import { logOf, temporaryDirectory } from './log-files.js';
import { openResources } from './open-resources.js';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

it('a log has one identity, which it keeps', async () => {
  const directory = await logOf(['a']);
  const identity = await logIdentity(directory);
  expect(identity).toMatch(uuid);
  expect(await logIdentity(directory)).toBe(identity);
  expect(readFileSync(join(directory, 'id'), 'utf8')).toBe(`${identity}\n`);
  expect(statSync(join(directory, 'id')).mode & 0o777).toBe(0o600);
  expect(openResources(directory)).toEqual([]);
});

it('a log that is begun anew has another', async () => {
  const directory = await logOf(['a']);
  const identity = await logIdentity(directory);
  rmSync(directory, { recursive: true });
  expect(await logIdentity(directory)).toBe('');
  mkdirSync(directory);
  const other = await logIdentity(directory);
  expect(other).toMatch(uuid);
  expect(other).not.toBe(identity);
});

it('all who ask at once are told the same, in other processes too', async () => {
  const directory = await logOf(['a']);
  const run = fileURLToPath(new URL('../fixtures/run.js', import.meta.url));
  const child = fileURLToPath(new URL('identity-child.ts', import.meta.url));
  // By other names of the directory, as another process would ask.
  const others = Array.from({ length: 20 }, (_, index) => logIdentity(`${directory}${'/.'.repeat(index)}`));
  const children = [1, 2, 3].map(() => promisify(execFile)(process.execPath, [run, child, directory]));
  const identities = [
    ...(await Promise.all(Array.from({ length: 50 }, () => logIdentity(directory)))),
    ...(await Promise.all(others)),
    ...(await Promise.all(children)).map(({ stdout }) => stdout.trim()),
  ];
  expect(identities[0]).toMatch(uuid);
  expect(new Set(identities).size).toBe(1);
  expect(readdirSync(directory)).toContain('id');
  expect(readdirSync(directory)).toHaveLength(2);
});

it.each(['', 'x', '\0'.repeat(37), '8f7b0e5a-1111-4222-8333-123456789abc'])(
  'a file that is damaged is replaced (%#)',
  async (content) => {
    const directory = await logOf(['a']);
    writeFileSync(join(directory, 'id'), content);
    const identity = await logIdentity(directory);
    expect(identity).toMatch(uuid);
    expect(await logIdentity(directory)).toBe(identity);
  },
);

it('where none can be made there is none', async () => {
  expect(await logIdentity(join(temporaryDirectory(), 'absent'))).toBe('');
  const directory = await logOf(['a']);
  mkdirSync(join(directory, 'id'));
  expect(await logIdentity(directory)).toBe('');
  const unwritable = await logOf(['a']);
  chmodSync(unwritable, 0o500);
  // Root may write there all the same.
  expect(await logIdentity(unwritable)).toMatch(process.getuid?.() === 0 ? uuid : /^$/);
  expect(await logIdentity('/proc/self')).toBe('');
});
