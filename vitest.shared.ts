import type { UserWorkspaceConfig } from 'vitest/config';

// Tests read the sources of workspace packages, so they need no build of TypeScript.
const conditions = ['@aurae/source', 'node', 'import', 'default'];

/** What every package's tests have in common. A root config is not inherited by its projects. */
export const sharedConfig: UserWorkspaceConfig = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['test/**/*.spec.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Processes, descriptors and sockets are what is tested: each file gets a process of its own.
    pool: 'forks',
    setupFiles: [],
  },
};
