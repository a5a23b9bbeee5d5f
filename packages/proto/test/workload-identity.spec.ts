import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { executableName, kindWord, meta, namedWorkloadName, runtime } from '../src/index.js';

function nameOf({ name = '', ...request }: Partial<runtime.Executable> & { name?: string }): string {
  return executableName(runtime.Executable.fromPartial({ meta: { name }, ...request }));
}

test('the name that was given is the name', () => {
  expect(nameOf({ name: 'web', command: 'sleep 1', argv: ['sleep'] })).toBe('web');
});

test('without a name the command is it, whatever is in it', () => {
  expect(nameOf({ command: 'sleep 1 | tee /tmp/x', argv: ['sleep'] })).toBe('sleep 1 | tee /tmp/x');
  expect(executableName(runtime.Executable.fromPartial({ command: 'sleep 1' }))).toBe('sleep 1');
});

test('without either the arguments are it, as a shell would read them', () => {
  expect(nameOf({ argv: ['printf', '%s\n', "it's"] })).toBe(`printf '%s\n' 'it'\\''s'`);
});

test('with nothing at all it is empty', () => {
  expect(nameOf({})).toBe('');
});

test('a name that is made of arguments gives the same arguments in a shell', () => {
  const argument = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replaceAll('\0', ''));
  fc.assert(
    fc.property(fc.array(argument, { minLength: 1, maxLength: 5 }), (argv) => {
      const script = `printf '%s\\0' ${nameOf({ argv })}`;
      expect(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' })).toBe(`${argv.join('\0')}\0`);
    }),
    { numRuns: 30 },
  );
});

test('a container or an instance is known by the name of its meta, else by its own', () => {
  const named = runtime.Container.fromPartial({ meta: { name: 'web' }, name: 'other' });
  expect(namedWorkloadName(named)).toBe('web');
  expect(namedWorkloadName(runtime.Instance.fromPartial({ name: 'guest' }))).toBe('guest');
});

test('each kind has its word', () => {
  const { WorkloadKind } = meta;
  const kinds = [
    WorkloadKind.WORKLOAD_KIND_EXECUTABLE,
    WorkloadKind.WORKLOAD_KIND_CONTAINER,
    WorkloadKind.WORKLOAD_KIND_INSTANCE,
    WorkloadKind.UNRECOGNIZED,
  ];
  expect(kinds.map(kindWord)).toEqual(['executable', 'container', 'instance', 'workload']);
});
