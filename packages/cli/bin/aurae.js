#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';

// Node 22.8 and later keep compiled code between runs, which saves a third of the start.
module.enableCompileCache?.();

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) {
  await (await import(main.href)).main(process.argv.slice(2));
} else {
  process.stderr.write('aurae: it is not built yet: run "npm run build" in the checkout\n');
  process.exitCode = 1;
}
