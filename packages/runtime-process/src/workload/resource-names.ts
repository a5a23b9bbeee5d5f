/** RLIMIT_… of sys/resource.h, as on every architecture that Node runs on but MIPS. */
const numbers: Readonly<Record<string, number>> = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
};

/** The number of a limit of setrlimit(2), by its name in small letters without `RLIMIT_`. */
export function resourceNumber(name: string): number | undefined {
  return Object.hasOwn(numbers, name) ? numbers[name] : undefined;
}

export function resourceNames(): string[] {
  return Object.keys(numbers);
}
