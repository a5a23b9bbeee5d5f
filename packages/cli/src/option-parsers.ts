import type { runtime } from '@aurae/proto';
import { InvalidArgumentError } from 'commander';
import { byteSizeForms, parseByteSize } from './values/byte-size.js';
import { cpuForms, parseCpuMillis } from './values/cpu-millis.js';
import { dependencyForms, parseDependency } from './values/dependency.js';
import { detachKeysForms, parseDetachKeys } from './values/detach-keys.js';
import { durationForms, parseDurationMs } from './values/duration.js';
import { labelForms, parseLabel } from './values/labels.js';
import { httpProbeForms, parseHttpProbe, parseTcpProbe, tcpProbeForms } from './values/network-probe.js';
import { parsePointInTime, pointInTimeForms } from './values/point-in-time.js';
import { parseProcessLimit, processLimitForms } from './values/process-limit.js';
import { parseRestartPolicy, restartForms } from './values/restart-policy.js';
import { parseSignal, signalForms } from './values/signal-name.js';

// Readers of option values for commander, which adds the flag and the value to the message.

const maximumUint32 = 0xffff_ffff;

type Reader<Value> = (text: string) => Value;

export const byteSize = valueOf(parseByteSize, `Allowed are ${byteSizeForms}.`);
export const cpuMillis = valueOf(parseCpuMillis, `Allowed are ${cpuForms}.`);
export const dependency = valueOf(parseDependency, `Allowed are ${dependencyForms}.`);
export const detachKeys = valueOf(parseDetachKeys, `Allowed are ${detachKeysForms}.`);
export const httpProbe = valueOf(parseHttpProbe, `Allowed are ${httpProbeForms}.`);
export const label = valueOf(parseLabel, `Allowed is ${labelForms}.`);
export const pointInTime = valueOf((text) => parsePointInTime(text, Date.now()), `Allowed are ${pointInTimeForms}.`);
export const processLimit: Reader<runtime.ProcessLimit> = valueOf(
  parseProcessLimit,
  `Allowed are ${processLimitForms}.`,
);
export const restartPolicy: Reader<runtime.RestartPolicy> = valueOf(parseRestartPolicy, `Allowed are ${restartForms}.`);
export const signalName = valueOf(parseSignal, `Allowed are ${signalForms}.`);
export const tcpProbe = valueOf(parseTcpProbe, `Allowed are ${tcpProbeForms}.`);
export const fileModeMask = valueOf(
  (text) => (/^0?[0-7]{1,3}$/.test(text) ? text : undefined),
  'Allowed are octal numbers from 0 to 0777.',
);

function valueOf<Value>(parse: (text: string) => Value | undefined, allowed: string): Reader<Value> {
  return (text) => {
    const value = parse(text);
    if (value === undefined) throw new InvalidArgumentError(allowed);
    return value;
  };
}

export function durationMs(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms < 1 || ms > maximumUint32) {
    throw new InvalidArgumentError(`Allowed are durations such as ${durationForms}; from 1ms to 49d.`);
  }
  return ms;
}

export function sampleInterval(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms < 100 || ms > 3_600_000) {
    throw new InvalidArgumentError(`Allowed are durations such as ${durationForms}; from 100ms to 1h.`);
  }
  return ms;
}

const longestIntervalMs = 366 * 86_400_000;

export function timerInterval(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms < 1000 || ms > longestIntervalMs) {
    throw new InvalidArgumentError(`Allowed are durations such as ${durationForms}; from 1s to 366d.`);
  }
  return ms;
}

export function wholeNumber(text: string): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > maximumUint32) throw new InvalidArgumentError('Allowed are whole numbers from 1 up.');
  return number;
}

/** How much of what was is shown before what comes: 0 is nothing of it. */
export function tailLength(text: string): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  if (number < 0 || number > maximumUint32) throw new InvalidArgumentError('Allowed are whole numbers from 0 up.');
  return number;
}

/** Of an event, from 1 up; 0 is before the first. */
export function eventNumber(text: string): bigint {
  const number = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n;
  if (number < 0n || number > 0xffff_ffff_ffff_ffffn) {
    throw new InvalidArgumentError('Allowed are whole numbers from 0 up.');
  }
  return number;
}

export const eventType = valueOf(
  (text) => (/^[a-z][a-z-]*\.[a-z-]*$/.test(text) ? text : undefined),
  'Allowed are types such as workload.ended, and workload. for all that begin so.',
);

export function absolutePath(text: string): string {
  if (!text.startsWith('/')) throw new InvalidArgumentError("Allowed are absolute paths on the daemon's machine.");
  return text;
}

/** A script's unset variable must not stand for a default: that of `--user` may be root. */
export function notEmpty(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
}

/** Whatever looks like an option is none, and not the name of anything: nothing is done to the others then, either. */
export function workloadName(text: string): string {
  if (text.startsWith('-')) throw new InvalidArgumentError('A name begins with a letter or a digit.');
  return text;
}

export function workloadNames(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, workloadName(text)];
}

/** For an option that may be given many times. */
export function collect(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text];
}

/** For an option that may be given many times and whose values are read. */
export function collectOf<Value>(read: Reader<Value>) {
  return (text: string, previous: readonly Value[] = []): readonly Value[] => [...previous, read(text)];
}
