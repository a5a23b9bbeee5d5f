import { existsSync } from 'node:fs';

/**
 * Whether this is the repository, where `npm run build` compiles the native part when it has changed. An installed
 * package has no sources in TypeScript.
 */
export const isCheckout = existsSync(new URL('../src/', import.meta.url));
