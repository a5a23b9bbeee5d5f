import { InvalidSpecError, observe } from '@aurae/proto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestRoot } from '../../client/test/support/test-daemon.js';
import { runCli } from './support/run-cli.js';

let root: TestRoot;
let asked: observe.LogLevelSetRequest[];

const levels = observe.LogLevels.fromPartial({
  level: 'info',
  components: [
    { component: 'schedule', level: 'debug', isOwn: true },
    { component: 'server', level: 'info' },
  ],
});

beforeAll(async () => {
  root = await TestRoot.make();
  await root.serve({
    observe: {
      logLevelShow: async () => levels,
      logLevelSet: async (_context, request) => {
        asked.push(request);
        if (request.component === 'nosuch') throw new InvalidSpecError('There is no component "nosuch"');
        return levels;
      },
    },
  });
});
afterAll(() => root[Symbol.asyncDispose]());
beforeEach(() => {
  asked = [];
});

function logLevel(...args: readonly string[]) {
  return runCli(['--root', root.dir, 'log-level', ...args]);
}

test('shows the levels of all components', async () => {
  expect(await logLevel()).toMatchObject({
    code: 0,
    stderr: '',
    stdout: `COMPONENT     LEVEL  OWN
(all others)  info   -
schedule      debug  yes
server        info   -
`,
  });
  expect(asked).toEqual([]);
});

test('shows that of one component', async () => {
  expect((await logLevel('server')).stdout).toBe('COMPONENT  LEVEL  OWN\nserver     info   -\n');
  expect(await logLevel('shedule')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'aurae: No component "shedule" has said anything, nor has it a level: did you mean "schedule"?\n',
  });
});

test.each([
  [['schedule', 'trace'], [{ component: 'schedule', level: 'trace' }]],
  [['schedule', 'default'], [{ component: 'schedule', level: '' }]],
  [['warn'], [{ component: '', level: 'warn' }]],
  [
    ['default'],
    [
      { component: '', level: '' },
      { component: 'schedule', level: '' },
    ],
  ],
])('%j changes them, and shows what holds then', async (words, requests) => {
  const { code, stdout } = await logLevel(...words);
  expect({ code, asked }).toEqual({ code: 0, asked: requests });
  expect(stdout).toContain('(all others)  info');
});

test('as JSON is the answer of the API', async () => {
  const { stdout } = await logLevel('--output', 'json');
  expect(observe.LogLevels.fromJSON(JSON.parse(stdout))).toEqual(levels);
});

test.each([
  [
    ['schedule', 'loud'],
    2,
    'the level "loud" is invalid. Allowed are trace, debug, info, warn, error, fatal, and default',
  ],
  [['a', 'info', 'b'], 2, 'too many arguments'],
  [[''], 2, 'give a component, a level, or both'],
  [['nosuch', 'info'], 1, 'There is no component "nosuch"'],
])('%j is refused', async (words, code, message) => {
  const result = await logLevel(...words);
  expect(result).toMatchObject({ code, stdout: '' });
  expect(result.stderr).toContain(message);
});
