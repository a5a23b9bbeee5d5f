import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const project = dirname(dirname(fileURLToPath(import.meta.url)));
const scratch = mkdtempSync(join(tmpdir(), 'aurae-wire-'));
afterAll(() => rmSync(scratch, { recursive: true }));

function buf(cwd: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(join(project, '../../node_modules/.bin/buf'), args, {
    cwd,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

function copyWith(file: string, edit: (text: string) => string): string {
  const copy = mkdtempSync(join(scratch, 'copy-'));
  cpSync(join(project, 'proto'), join(copy, 'proto'), { recursive: true });
  cpSync(join(project, 'buf.yaml'), join(copy, 'buf.yaml'));
  const path = join(copy, 'proto', file);
  writeFileSync(path, edit(readFileSync(path, 'utf8')));
  return copy;
}

describe('the wire', () => {
  it('passes buf lint', () => {
    expect(buf(project, 'lint')).toEqual({ status: 0, output: '' });
  });

  it('keeps everything of the seed API', () => {
    expect(buf(project, 'breaking', '--against', 'baseline')).toEqual({ status: 0, output: '' });
  });

  it.each([
    [
      'a renumbered field',
      'runtime.proto',
      (text: string) => text.replace('string command = 3', 'string command = 30'),
    ],
    ['a removed RPC', 'observe.proto', (text: string) => text.replace(/^.*rpc GetSubProcessStream.*$/m, '')],
    ['a changed enum value', 'meta.proto', (text: string) => text.replace('STATUS_ACTIVE = 3', 'STATUS_ACTIVE = 2')],
    [
      'a changed field type',
      'observe.proto',
      (text: string) => text.replace('int64 timestamp = 3', 'string timestamp = 3'),
    ],
  ])('tells %s from the seed API', (_, file, edit) => {
    const copy = copyWith(file, edit);
    const { status, output } = buf(copy, 'breaking', '--against', join(project, 'baseline'));
    expect(status).not.toBe(0);
    expect(output).toContain(file);
  });
});
