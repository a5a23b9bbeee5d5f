#!/usr/bin/env node
// What this project needs of the system beyond Node: says so before a build or a test trips over it.
//
//   node scripts/system-packages.js --check build   what a build needs; missing: exit 1 with the line to type
//   node scripts/system-packages.js --check test    what tests need too; missing: a note, and an error in CI
//   node scripts/system-packages.js --install       installs what is missing, by apt-get
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';

const minimumNode = [20, 19];

/** Programs by purpose, each with the Debian package that brings it and what it is for. */
const needs = {
  build: [
    { program: 'g++', package: 'g++', use: 'compiles the native start path' },
    { program: 'make', package: 'make', use: 'drives the compiler for node-gyp' },
    { program: 'python3', package: 'python3', use: 'runs node-gyp' },
    { program: 'flock', package: 'util-linux', use: 'locks the directories of a daemon' },
  ],
  test: [
    { program: 'valgrind', package: 'valgrind', use: 'checks the memory use of the C code' },
    { program: 'tmux', package: 'tmux', use: 'is the terminal in which sessions are tried' },
    { program: 'vim', package: 'vim-tiny', use: 'runs in that terminal, as does top' },
    { program: 'top', package: 'procps', use: 'runs in that terminal, as does vim' },
    { program: 'rsyslogd', package: 'rsyslog', use: 'receives what the syslog sink sends' },
  ],
};

const { values } = parseArgs({
  options: { check: { type: 'string' }, install: { type: 'boolean', default: false } },
});

checkNode();
if (values.install) install(missing('build', 'test'));
else if (values.check === 'build') check(missing('build'), true);
else if (values.check === 'test') {
  check(missing('build'), true);
  check(missing('test'), Boolean(process.env.CI));
} else {
  fail('Usage: node scripts/system-packages.js --check build|test, or --install', 2);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > minimumNode[0] || (major === minimumNode[0] && minor >= minimumNode[1])) return;
  fail(`Node ${process.versions.node} is too old: install Node ${minimumNode.join('.')} or later`, 1);
}

function missing(...purposes) {
  return purposes.flatMap((purpose) => needs[purpose]).filter(({ program }) => !isOnPath(program));
}

function isOnPath(program) {
  // Daemons lie where the PATH of a plain user does not lead.
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'].some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function check(absent, isError) {
  if (absent.length === 0) return;
  const list = absent.map(({ program, use }) => `  ${program.padEnd(10)} ${use}`).join('\n');
  const text = `This machine lacks:\n${list}\nInstall with:\n  ${installLine(absent)}`;
  if (isError) fail(text, 1);
  process.stderr.write(`${text}\nTests that need it are skipped.\n`);
}

function installLine(absent) {
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  return `${sudo}apt-get install -y --no-install-recommends ${packagesOf(absent).join(' ')}`;
}

function packagesOf(absent) {
  return [...new Set(absent.map((need) => need.package))];
}

function install(absent) {
  if (absent.length === 0) return;
  if (process.getuid?.() !== 0) fail(`Only root may install packages. Type:\n  ${installLine(absent)}`, 1);
  if (!isOnPath('apt-get')) {
    fail(`apt-get is not here. Install what these Debian packages bring: ${packagesOf(absent).join(' ')}`, 1);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync('apt-get', ['update', '-q'], { stdio: 'inherit', env });
  const args = ['install', '-y', '--no-install-recommends', ...packagesOf(absent)];
  const { status } = spawnSync('apt-get', args, { stdio: 'inherit', env });
  if (status !== 0) fail(`Cannot install ${packagesOf(absent).join(' ')}`, 1);
}

function fail(text, exitCode) {
  process.stderr.write(`${text}\n`);
  process.exit(exitCode);
}
