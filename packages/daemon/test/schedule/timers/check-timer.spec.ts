import { InvalidSpecError, runtime } from '@aurae/proto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkTimer } from '../../../src/schedule/timers/index.js';

const { Timer } = runtime;

function cron(expression: string, timeZone = ''): runtime.Timer {
  return Timer.fromPartial({ when: { $case: 'cron', value: { expression, timeZone } } });
}

function interval(value: bigint): runtime.Timer {
  return Timer.fromPartial({ when: { $case: 'intervalMs', value } });
}

function violationsOf(timer: runtime.Timer) {
  try {
    checkTimer(timer);
    return [];
  } catch (error) {
    if (error instanceof InvalidSpecError) return error.violations;
    throw error;
  }
}

function descriptionOf(expression: string): string | undefined {
  return violationsOf(cron(expression))[0]?.description;
}

describe('a cron expression', () => {
  test.each([
    '0 3 * * *',
    '  0\t3  * *   * ',
    '*/15 9-17 * * MON-FRI',
    '30 0 3 * * *',
    '0 0 1,15 jan-mar,DEC *',
    '0 0 L * *',
    '0 0 29 2 *',
    '0 0 30 2 MON',
    '0 0 * * 7',
    '@daily',
    ' @Hourly ',
    '@yearly',
  ])('%j is right', (expression) => {
    expect(violationsOf(cron(expression))).toEqual([]);
  });

  test.each([
    ['0 25 * * *', 'column 3 ("25"): the hour must be 0 to 23'],
    ['60 * * * *', 'column 1 ("60"): the minute must be 0 to 59'],
    ['60 * * * * *', 'column 1 ("60"): the second must be 0 to 59'],
    ['  0   0 1,32,5 * *', 'column 11 ("32"): the day of the month must be 1 to 31, or L for the last'],
    ['0 0 * FOO *', 'column 7 ("FOO"): the month must be 1 to 12, or JAN to DEC'],
    ['0 0 * * MON,8', 'column 13 ("8"): the day of the week must be 0 to 7 (0 and 7 are Sunday), or SUN to SAT'],
    ['20-10 * * * *', 'column 1 ("20-10"): a range must begin with the lower of its ends'],
    ['* 5/5 * * *', 'column 3 ("5/5"): a step of the hour must be written as in "*/5" or "0-23/5", and be 1 to 24'],
    ['*/0 * * * *', 'column 1 ("*/0"): a step of the minute must be written as in "*/5" or "0-59/5", and be 1 to 60'],
    ['1,,2 * * * *', 'column 1 ("1,,2"): a list must have a value on both sides of each comma'],
    ['𝟘 0 * * 9', 'column 1 ("𝟘"): the minute must be 0 to 59'],
    ['@dayly', 'column 1 ("@dayly"): there are @hourly, @daily'],
    ['@daily 5', 'column 8 ("5"): nothing may follow a nickname'],
  ])('%j is refused with the place and the rule', (expression, fault) => {
    expect(descriptionOf(expression)).toContain(
      `the cron expression ${JSON.stringify(expression)} is wrong at ${fault}`,
    );
  });

  test.each([
    ['* * *', 'has 3 fields; it needs five (minute, hour, day of the month, month, day of the week), or six'],
    ['*', 'has 1 field;'],
    ['0 0 0 1 1 * 2030', 'has 7 fields;'],
    ['@reboot', 'needs no timer: without one, the start is at boot'],
    ['', 'the cron expression is empty'],
    ['   ', 'the cron expression is empty'],
    ['0 0 30 2 *', 'never comes due'],
    ['0 0 31 4,6,9,11 *', 'never comes due'],
    [`${'1,'.repeat(300)}1 * * * *`, 'has 609 characters; at most 500 are allowed'],
  ])('%j is refused', (expression, fault) => {
    expect(descriptionOf(expression)).toContain(fault);
  });

  test('the column is that of the faulty item, wherever it stands', () => {
    const wrong = ['99', 'x', '7-3', '*/0', '-1', '1.5'] as const;
    const right = ['*', '1', '2,3', '1-4', '*/2'];
    const blanks = fc.constantFrom(' ', '  ', '\t', ' \t ');
    const expressions = fc.record({
      fields: fc.array(fc.constantFrom(...right), { minLength: 5, maxLength: 6 }),
      at: fc.nat(5),
      before: fc.array(fc.constantFrom('1', '2-3', '*/2'), { maxLength: 3 }),
      faulty: fc.constantFrom(...wrong),
      after: fc.array(fc.constantFrom('1', '2-3', '9999'), { maxLength: 3 }),
      lead: fc.constantFrom('', ' ', '   '),
      blanks: fc.array(blanks, { minLength: 5, maxLength: 5 }),
    });
    fc.assert(
      fc.property(expressions, ({ fields, at, before, faulty, after, lead, blanks: gaps }) => {
        const index = at % fields.length;
        let expression = lead;
        let column = 0;
        for (const [place, field] of fields.entries()) {
          if (place === index) {
            column = expression.length + [...before, ''].join(',').length + 1;
            expression += [...before, faulty, ...after].join(',');
          } else expression += field;
          if (place < fields.length - 1) expression += gaps[place];
        }
        expect(descriptionOf(expression)).toContain(`is wrong at column ${column} (${JSON.stringify(faulty)})`);
      }),
    );
  });
});

describe('a time zone', () => {
  test.each(['', 'Europe/Berlin', 'UTC', 'America/Argentina/Buenos_Aires'])('%j is right', (timeZone) => {
    expect(violationsOf(cron('0 3 * * *', timeZone))).toEqual([]);
  });

  test.each(['Europe/Berlln', '+02:00', '../etc/passwd', 'Berlin'])('%j is refused with an example', (timeZone) => {
    const [violation, ...others] = violationsOf(cron('0 3 * * *', timeZone));
    expect(others).toEqual([]);
    expect(violation?.field).toBe('criteria.timer.cron.time_zone');
    expect(violation?.description).toContain(`there is no time zone "${timeZone}"`);
    expect(violation?.description).toContain('"Europe/Berlin"');
  });

  test('that is wrong is told along with a wrong expression', () => {
    const fields = violationsOf(cron('x', 'nowhere')).map(({ field }) => field);
    expect(fields).toEqual(['criteria.timer.cron.expression', 'criteria.timer.cron.time_zone']);
  });
});

describe('an interval', () => {
  test.each([1000n, 3_600_000n, 366n * 86_400_000n])('of %d ms is right', (milliseconds) => {
    expect(violationsOf(interval(milliseconds))).toEqual([]);
  });

  test.each([0n, 999n, 366n * 86_400_000n + 1n, 2n ** 64n - 1n])('of %d ms is refused', (milliseconds) => {
    const [violation] = violationsOf(interval(milliseconds));
    expect(violation?.field).toBe('criteria.timer.interval_ms');
    expect(violation?.description).toContain(`the interval is ${milliseconds} ms; 1000 ms (one second) to`);
  });
});

test('a timer with neither an expression nor an interval is refused', () => {
  expect(violationsOf(Timer.fromPartial({}))).toEqual([
    { field: 'criteria.timer', description: expect.stringContaining('needs a cron expression or an interval') },
  ]);
});

test('an unknown way to deal with missed runs is refused', () => {
  const timer = { ...cron('@daily'), missed: 7 as runtime.MissedRuns };
  expect(violationsOf(timer)).toEqual([
    { field: 'criteria.timer.missed', description: expect.stringContaining('MISSED_RUNS_SKIP') },
  ]);
});
