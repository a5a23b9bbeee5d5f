import { createRequire } from 'node:module';

const manifest = createRequire(import.meta.url)('../package.json') as { readonly version: string };

/** Version of auraed, semantic versioning. */
export const version = manifest.version;
