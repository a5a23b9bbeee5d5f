import { InvalidSpecError, runtime } from '@aurae/proto';
import { expect, test } from 'vitest';
import { workloadName } from '../../src/workload/workload-name.js';

function nameOf({ name = '', ...request }: Partial<runtime.Executable> & { name?: string }): string {
  return workloadName(runtime.Executable.fromPartial({ meta: { name }, ...request }));
}

test('the name that was given is the name', () => {
  expect(nameOf({ name: 'web-1.prod@eu:a_b', command: 'sleep 1' })).toBe('web-1.prod@eu:a_b');
});

test('without a name the command is it, whatever is in it', () => {
  expect(nameOf({ command: 'sleep 1 | tee /tmp/x' })).toBe('sleep 1 | tee /tmp/x');
  expect(nameOf({ argv: ['printf', '%s\n', "it's"] })).toBe(`printf '%s\n' 'it'\\''s'`);
});

test.each(['a/b', '../x', '/etc', '', ' ', 'a b', '-x', '.hidden', 'a\0b', 'é', 'a\nb'].filter((name) => name !== ''))(
  'the name %j is refused',
  (name) => {
    expect(() => nameOf({ name, command: 'x' })).toThrow(InvalidSpecError);
  },
);

test('a name of 10 KB is refused, and not repeated in the message', () => {
  const name = 'x'.repeat(10 * 1024);
  expect(() => nameOf({ name })).toThrow(/the name has 10240 characters; at most 128 are allowed/);
});
