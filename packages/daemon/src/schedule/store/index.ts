export { openScheduleStore, type ScheduleStoreOptions } from './open-schedule-store.js';
