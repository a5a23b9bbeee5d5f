#!/usr/bin/env node
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) {
  await (await import(main.href)).main(process.argv);
} else {
  process.stderr.write('auraed: it is not built yet: run "npm run build" in the checkout\n');
  process.exitCode = 1;
}
