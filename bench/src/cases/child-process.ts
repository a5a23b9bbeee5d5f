import { spawn } from 'node:child_process';
import type { Call } from '../measure.js';

/** What a Node program does without an addon. */
export function childProcessCall(): Call {
  return () =>
    new Promise((resolve, reject) => {
      const child = spawn('/bin/true', [], { stdio: ['ignore', 'pipe', 'pipe'] });
      child.stdout.resume();
      child.stderr.resume();
      child.on('error', reject);
      child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`/bin/true ended with ${code}`))));
    });
}
