import {
  defaultProcessRuntimeOptions,
  ProcessRuntime,
  processRuntimeConfig,
  registration,
} from '@aurae/runtime-process';
import { describe, expect, test } from 'vitest';

describe('the config section', () => {
  test('has a default for everything', () => {
    expect(processRuntimeConfig.parse({})).toEqual(defaultProcessRuntimeOptions);
  });

  test.each([
    [{ output_limit: 1 }, /output_limit/],
    [{ output_limit_bytes: -1 }, /output_limit_bytes/],
    [{ output_limit_bytes: 4_194_304 }, /1572864/],
    [{ kill_grace_ms: '5s' }, /kill_grace_ms/],
    [{ max_live_execs: 0 }, /max_live_execs/],
  ])('refuses %j', (section, message) => {
    expect(processRuntimeConfig.safeParse(section).error?.message).toMatch(message);
  });
});

describe('the backend', () => {
  test('claims what it does', async () => {
    const processes = new ProcessRuntime();
    const { name, capabilities } = await processes.describe();
    expect(name).toBe(registration.name);
    expect(capabilities).toEqual(expect.arrayContaining(['Exec', 'Start', 'Stop', 'Kill', 'List', 'Attach']));
    await processes.dispose();
  });
});
