#!/usr/bin/env node
// Builds what is named, or everything, and what that needs. Quiet, unless it fails.
//
//   node scripts/build.js [PROJECT...]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const projects = process.argv.slice(2);
const only = projects.length > 0 ? [`--projects=${projects.join(',')}`] : [];

// `npm ci` goes on without it where it cannot be compiled, so that all that is missing is told in one place.
if (!existsSync(join(root, 'node_modules/node-pty'))) {
  process.stderr.write('node-pty is missing: there was no C++ compiler when `npm ci` ran. Run `npm ci` once more\n');
  process.exit(1);
}

const started = performance.now();
process.stderr.write('Building … ');
const nx = spawn(join(root, 'node_modules/.bin/nx'), ['run-many', '-t', 'build', ...only, '--outputStyle=static'], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'pipe'],
});
const output = [];
for (const stream of [nx.stdout, nx.stderr]) stream.on('data', (data) => output.push(data));
const [code] = await once(nx, 'close');
if (code === 0) {
  process.stderr.write(`done in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
} else {
  process.stderr.write(`failed\n${Buffer.concat(output)}`);
  process.exitCode = 1;
}
