import { runtime } from '@aurae/proto';
import { describe, expect, test } from 'vitest';
import { AlarmClock, timerAlarm, type TimerDue, type TimerPast } from '../../../src/schedule/timers/index.js';
import { VirtualClock } from '../virtual-clock.js';

const { MISSED_RUNS_SKIP, MISSED_RUNS_RUN_ONCE } = runtime.MissedRuns;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const noon = Date.parse('2024-05-05T12:00Z');

function hourly(missed = MISSED_RUNS_SKIP): runtime.Timer {
  return runtime.Timer.fromPartial({
    when: { $case: 'cron', value: { expression: '0 * * * *', timeZone: 'UTC' } },
    missed,
  });
}

function every(milliseconds: number, missed = MISSED_RUNS_SKIP): runtime.Timer {
  return runtime.Timer.fromPartial({ when: { $case: 'intervalMs', value: BigInt(milliseconds) }, missed });
}

interface HeardDue extends TimerDue {
  readonly at: string;
}

function listen(timer: runtime.Timer, past: TimerPast = { enabledAtMs: noon }, clock = new VirtualClock(noon)) {
  const heard: HeardDue[] = [];
  const alarm = timerAlarm(new AlarmClock(clock), timer, past, ({ start, missedCount, lastDueMs }) => {
    heard.push({ at: new Date(clock.now()).toISOString().slice(11, 19), start, missedCount, lastDueMs });
  });
  /** What was heard since the last time. */
  const news = () => heard.splice(0);
  return { clock, alarm, news };
}

describe('an alarm by a cron expression', () => {
  test('comes at each moment, and tells the next one', () => {
    const { clock, alarm, news } = listen(hourly());
    expect(alarm.nextDueMs).toBe(noon + hourMs);
    clock.advance(hourMs - 1);
    expect(news()).toEqual([]);
    clock.advance(1);
    expect(news()).toEqual([{ at: '13:00:00', start: true, missedCount: 0, lastDueMs: noon + hourMs }]);
    expect(alarm.nextDueMs).toBe(noon + 2 * hourMs);
    clock.advance(2 * hourMs);
    expect(news().map(({ at }) => at)).toEqual(['14:00:00', '15:00:00']);
  });

  test('tells of what it has missed while the daemon was away, and not before it has been made', () => {
    const { clock, news } = listen(hourly(MISSED_RUNS_RUN_ONCE), { enabledAtMs: 0, lastDueMs: noon - 5 * hourMs - 1 });
    expect(news()).toEqual([]);
    clock.advance(0);
    expect(news()).toEqual([{ at: '12:00:00', start: true, missedCount: 5, lastDueMs: noon }]);
  });

  test('leaves out what came due while the daemon was away', () => {
    const clock = new VirtualClock(noon + 10 * minuteMs);
    const { news } = listen(hourly(), { enabledAtMs: 0, lastDueMs: noon - 3 * hourMs }, clock);
    clock.advance(0);
    expect(news()).toEqual([{ at: '12:10:00', start: false, missedCount: 3, lastDueMs: noon }]);
  });

  test('notices within ten seconds that the wall clock went forward', () => {
    const { clock, alarm, news } = listen(hourly(MISSED_RUNS_RUN_ONCE));
    clock.advance(minuteMs);
    clock.jumpWall(24 * hourMs);
    clock.advance(10_000);
    expect(news()).toMatchObject([{ start: true, missedCount: 24, lastDueMs: noon + 24 * hourMs }]);
    expect(alarm.nextDueMs).toBe(noon + 25 * hourMs);
  });

  test('repeats nothing when the wall clock goes back by an hour', () => {
    const { clock, alarm, news } = listen(hourly());
    clock.advance(hourMs + minuteMs);
    expect(news()).toHaveLength(1);
    clock.jumpWall(-hourMs);
    clock.advance(hourMs);
    expect(news()).toEqual([]);
    expect(alarm.nextDueMs).toBe(noon + 2 * hourMs);
    clock.advance(hourMs);
    expect(news()).toMatchObject([{ start: true, missedCount: 0, lastDueMs: noon + 2 * hourMs }]);
  });

  test('follows the wall clock back by a day, and says so', () => {
    const { clock, alarm, news } = listen(hourly());
    clock.advance(hourMs + minuteMs);
    news();
    clock.jumpWall(-24 * hourMs);
    clock.advance(10_000);
    expect(news()).toMatchObject([{ start: false, missedCount: 0 }]);
    expect(alarm.nextDueMs).toBe(noon - 22 * hourMs);
    clock.advance(hourMs);
    expect(news()).toMatchObject([{ start: true, missedCount: 0, lastDueMs: noon - 22 * hourMs }]);
  });

  test('follows a wall clock that went back by a day while the daemon was away', () => {
    const { clock, alarm, news } = listen(hourly(), { enabledAtMs: 0, lastDueMs: noon + 24 * hourMs });
    clock.advance(0);
    expect(news()).toEqual([{ at: '12:00:00', start: false, missedCount: 0, lastDueMs: noon }]);
    expect(alarm.nextDueMs).toBe(noon + hourMs);
  });

  test('makes one start of those that came due while the process was stopped for some seconds', () => {
    const timer = runtime.Timer.fromPartial({
      when: { $case: 'cron', value: { expression: '*/10 * * * * *', timeZone: 'UTC' } },
    });
    const { clock, news } = listen(timer);
    clock.stall(35_000);
    clock.advance(0);
    expect(news()).toEqual([{ at: '12:00:35', start: true, missedCount: 2, lastDueMs: noon + 30_000 }]);
  });

  test('is silent once it is disposed of, also where another does that at the same moment', () => {
    const clock = new VirtualClock(noon);
    const alarms = new AlarmClock(clock);
    const heard: string[] = [];
    const listeners = ['one', 'other'].map((name, index) =>
      timerAlarm(alarms, hourly(), { enabledAtMs: noon }, () => {
        heard.push(name);
        listeners[1 - index]?.dispose();
      }),
    );
    clock.advance(3 * hourMs);
    expect(new Set(heard).size).toBe(1);
    expect(heard).toHaveLength(3);
    for (const alarm of listeners) alarm.dispose();
    for (const alarm of listeners) alarm.dispose();
    expect(clock.waiting).toBe(0);
  });

  test('is in time, though one that comes later was there before', () => {
    const clock = new VirtualClock(noon);
    const alarms = new AlarmClock(clock);
    const heard: string[] = [];
    for (const second of [9, 5, 7]) {
      const value = { expression: `${second} * * * * *`, timeZone: 'UTC' };
      const timer = runtime.Timer.fromPartial({ when: { $case: 'cron', value } });
      timerAlarm(alarms, timer, { enabledAtMs: noon }, () => heard.push(`${second} at ${clock.now() - noon}`));
    }
    clock.advance(20_000);
    expect(heard).toEqual(['5 at 5000', '7 at 7000', '9 at 9000']);
  });

  test('shares one timer with ten thousand others', () => {
    const clock = new VirtualClock(noon);
    const alarms = new AlarmClock(clock);
    let starts = 0;
    const all = Array.from({ length: 10_000 }, () =>
      timerAlarm(alarms, hourly(), { enabledAtMs: noon }, () => (starts += 1)),
    );
    expect(clock.waiting).toBe(1);
    clock.advance(hourMs);
    expect(starts).toBe(10_000);
    expect(clock.waiting).toBe(1);
    for (const alarm of all) alarm.dispose();
    expect(clock.waiting).toBe(0);
  });
});

describe('an alarm by an interval', () => {
  test('keeps its beat whatever the wall clock does', () => {
    const { clock, news } = listen(every(hourMs));
    clock.advance(30 * minuteMs);
    clock.jumpWall(24 * hourMs);
    clock.advance(30 * minuteMs - 1);
    expect(news()).toEqual([]);
    clock.advance(1);
    expect(news()).toMatchObject([{ start: true, missedCount: 0, lastDueMs: noon + 25 * hourMs }]);
    clock.jumpWall(-100 * hourMs);
    clock.advance(10 * hourMs);
    expect(news()).toHaveLength(10);
  });

  test('tells the next moment as the wall clock will show it', () => {
    const { clock, alarm } = listen(every(hourMs));
    clock.advance(10 * minuteMs);
    expect(alarm.nextDueMs).toBe(noon + hourMs);
    clock.jumpWall(24 * hourMs);
    expect(alarm.nextDueMs).toBe(noon + 25 * hourMs);
  });

  test('goes on with the same beat after the daemon was away', () => {
    const clock = new VirtualClock(noon + 10 * minuteMs);
    const { news } = listen(every(hourMs), { enabledAtMs: 0, lastDueMs: noon - 15 * minuteMs }, clock);
    clock.advance(hourMs);
    expect(news()).toMatchObject([{ start: true, missedCount: 0, lastDueMs: noon + 45 * minuteMs }]);
  });

  test('makes up for what it has missed by one start, or leaves it out', () => {
    const past = { enabledAtMs: 0, lastDueMs: noon - 150 * minuteMs };
    const once = listen(every(hourMs, MISSED_RUNS_RUN_ONCE), past);
    once.clock.advance(0);
    expect(once.news()).toMatchObject([{ start: true, missedCount: 2, lastDueMs: noon - 30 * minuteMs }]);
    const none = listen(every(hourMs), past);
    none.clock.advance(0);
    expect(none.news()).toMatchObject([{ start: false, missedCount: 2, lastDueMs: noon - 30 * minuteMs }]);
  });

  test('never waits longer than the interval, though a wrong clock told of a start in the future', () => {
    const { clock, news } = listen(every(hourMs), { enabledAtMs: 0, lastDueMs: noon + 1000 * hourMs });
    clock.advance(hourMs);
    expect(news()).toHaveLength(1);
  });

  test('leaves nothing behind when it is disposed of', () => {
    const { clock, alarm, news } = listen(every(1000));
    clock.advance(2500);
    alarm.dispose();
    alarm.dispose();
    clock.advance(10_000);
    expect(news()).toHaveLength(2);
    expect(clock.waiting).toBe(0);
  });

  test('waits for 366 days', () => {
    const { clock, news } = listen(every(366 * 24 * hourMs));
    clock.advance(366 * 24 * hourMs - 1);
    expect(news()).toEqual([]);
    clock.advance(1);
    expect(news()).toHaveLength(1);
  });
});
