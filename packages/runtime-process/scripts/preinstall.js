// Runs before anything is compiled, also node-pty: says in one sentence what the machine lacks.
import { missingTools } from './build-tools.js';
import { isCheckout } from './is-checkout.js';

const problem = isCheckout ? undefined : missingTools();
if (problem) {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}
