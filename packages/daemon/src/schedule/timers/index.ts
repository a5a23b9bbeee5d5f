export { AlarmClock } from './alarm-clock.js';
export { checkTimer } from './check-timer.js';
export { type DueAnswer, type DueQuestion, dueStarts } from './due-starts.js';
export { type StartTimes, startTimes } from './start-times.js';
export { type TimerAlarm, timerAlarm, type TimerDue, type TimerPast } from './timer-alarm.js';
