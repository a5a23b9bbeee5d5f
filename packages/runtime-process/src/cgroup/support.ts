import { dirname } from 'node:path';

/** Whether the host lets us do something; else why not, and what a person can do about it. Both are sentences. */
export type Support = Available | Refusal;

export interface Available {
  readonly available: true;
}

export interface Refusal {
  readonly available: false;
  readonly reason: string;
  readonly remedy: string;
}

export const available: Available = { available: true };

const delegation =
  'with systemd, `Delegate=yes` and `DelegateSubgroup=daemon` in the unit of the daemon (systemd 254 or newer)';

/** `action` as in "make a cgroup in …". */
export function refusalOf(action: string, error: unknown): Refusal {
  const { code, message } = error as NodeJS.ErrnoException;
  return {
    available: false,
    reason: `The host does not let the daemon ${action} (${code ?? message})`,
    remedy: remedyFor(code),
  };
}

function remedyFor(code: string | undefined): string {
  switch (code) {
    case 'EROFS':
      return 'Let the cgroup file system be writable: in a container, start that with `--privileged`';
    case 'EACCES':
    case 'EPERM':
      return `Run the daemon as root or under \`systemd --user\`, or give it cgroups of its own: ${delegation}`;
    case 'ENOENT':
      return 'Look at /proc/cgroups and at the options of the kernel: the controller is missing or lacks this ability';
    default:
      return 'Look at the log of the kernel (`dmesg`) and at who else manages the cgroups of this host';
  }
}

/** A cgroup other than the root that holds processes cannot hand controllers down: cgroups(7), "no internal processes". */
export function internalProcesses(directory: string): Refusal {
  return {
    available: false,
    reason: `Processes are in the cgroup "${directory}" itself, so that it cannot hand controllers down`,
    remedy:
      `Keep the processes out of it: ${delegation}; in a container, move them all into a cgroup below, or start the ` +
      'container with `--cgroupns=host`',
  };
}

export function notHandedDown(controller: string, directory: string, offered: readonly string[]): Refusal {
  const offer = offered.length > 0 ? `only ${offered.join(', ')}` : 'no controller';
  return {
    available: false,
    reason: `The cgroup "${directory}" has ${offer}, not "${controller}"`,
    remedy:
      `Have it handed down: \`Delegate=memory cpu pids\` in the unit of the daemon, or in user@.service for daemons of ` +
      `users. Where even "${dirname(directory)}" lacks it, boot the kernel with \`cgroup_enable=${controller}\``,
  };
}

export function notMounted(what: string, root: string): Refusal {
  return {
    available: false,
    reason: `No cgroup file system with ${what} is mounted below "${root}"`,
    remedy:
      'Mount it: with version 2, `mount -t cgroup2 none /sys/fs/cgroup` provides all of them. /proc/cgroups shows what the kernel has',
  };
}
