import { describe, expect, test } from 'vitest';
import { type ProcessEntry, parseStat } from '../src/process-entry.js';
import { processTree } from '../src/process-tree.js';

const root = { pid: 100, invocationId: 'ours', reaped: false };

function entry(pid: number, parentPid: number, sessionId: number, invocationId?: string): ProcessEntry {
  const base = { pid, parentPid, groupId: sessionId, sessionId, startTime: '1' };
  return invocationId === undefined ? base : { ...base, invocationId };
}

const pidsOf = (entries: ProcessEntry[]) => entries.map(({ pid }) => pid).sort((one, other) => one - other);

describe('parseStat', () => {
  const fields = (state: string, threads = 1) =>
    `${state} 7 8 9 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 ${threads} 0 4711 1 1`;

  test('finds the fields after a name with spaces and parentheses', () => {
    expect(parseStat(`42 (a) Z 1 (b)) ${fields('S')}`)).toEqual({
      pid: 42,
      parentPid: 7,
      groupId: 8,
      sessionId: 9,
      startTime: '4711',
    });
  });

  test('counts a zombie as dead', () => {
    expect(parseStat(`42 (a) ${fields('Z')}`)).toBeUndefined();
  });

  test('counts a process as alive whose main thread alone has ended', () => {
    expect(parseStat(`42 (a) ${fields('Z', 2)}`)).toMatchObject({ pid: 42 });
  });
});

describe('processTree', () => {
  const others = [entry(1, 0, 1), entry(50, 1, 50), entry(51, 50, 50, 'theirs')];

  test('has the session, the descendants and what carries the invocation id', () => {
    const ours = [
      entry(100, 50, 100),
      entry(101, 1, 100),
      entry(102, 101, 102),
      entry(103, 1, 103, 'ours'),
      entry(104, 103, 104),
    ];
    expect(pidsOf(processTree(root, [...others, ...ours]))).toEqual([100, 101, 102, 103, 104]);
  });

  test('leaves alone a process that got the number of the reaped main process', () => {
    const reused = [entry(100, 1, 100), entry(105, 100, 100), entry(103, 1, 103, 'ours')];
    expect(pidsOf(processTree({ ...root, reaped: true }, [...others, ...reused]))).toEqual([103]);
  });

  test('takes nobody by the number 0, which sessions from outside the pid namespace have', () => {
    const outside = [entry(1, 0, 0), entry(50, 0, 0), entry(51, 50, 0)];
    expect(processTree({ pid: 0, invocationId: 'ours', reaped: true }, outside)).toEqual([]);
  });

  test('takes nobody by a number that is not known', () => {
    const tree = processTree({ pid: undefined, invocationId: 'ours', reaped: true }, [
      ...others,
      entry(60, 1, 60, 'ours'),
    ]);
    expect(pidsOf(tree)).toEqual([60]);
  });
});
