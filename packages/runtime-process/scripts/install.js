// Compiles the native part of the installed package, by the node-gyp that every npm brings. Quiet, unless it fails.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isCheckout } from './is-checkout.js';

if (!isCheckout) compile();

function compile() {
  const { npm_config_node_gyp: nodeGyp, CFLAGS = '' } = process.env;
  const [program, first] = nodeGyp ? [process.execPath, [nodeGyp]] : ['node-gyp', []];
  const { status, error, stdout, stderr } = spawnSync(program, [...first, 'rebuild'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    // A compiler that is newer than this package may know new warnings.
    env: { ...process.env, CFLAGS: `${CFLAGS} -Wno-error`.trim() },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return;
  const reason = error ? `${program} cannot be run (${error.message}); install with npm, which brings it` : '';
  process.stderr.write(
    `${stdout ?? ''}${stderr ?? ''}Cannot compile the native part of @aurae/runtime-process${reason && `: ${reason}`}\n`,
  );
  process.exitCode = 1;
}
