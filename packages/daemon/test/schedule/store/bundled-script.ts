import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { build } from 'vite';

const conditions = ['@aurae/source', 'node', 'import', 'module', 'default'];

/** What cannot be part of a bundle, since it is native, and what a script never gets to. */
const external = /^(node:|libsql|@grpc\/)/;

/** Makes a script of a program in TypeScript that lies here, so that node runs it with the sources as they are. */
export async function bundledScript(name: string): Promise<string> {
  const outDir = mkdtempSync(join(tmpdir(), 'aurae-script-'));
  onTestFinished(() => rmSync(outDir, { recursive: true, force: true }));
  const libsql = createRequire(import.meta.url).resolve('libsql/promise');
  await build({
    configFile: false,
    logLevel: 'error',
    root: fileURLToPath(new URL('.', import.meta.url)),
    resolve: { conditions },
    ssr: { resolve: { conditions }, noExternal: true },
    build: {
      ssr: name,
      outDir,
      minify: false,
      rolldownOptions: { external, output: { entryFileNames: 'script.mjs', paths: { 'libsql/promise': libsql } } },
    },
  });
  return join(outDir, 'script.mjs');
}
