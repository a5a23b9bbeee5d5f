import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: ['packages/*', 'e2e'],
    reporters: process.env['CI'] ? ['default'] : ['default'],
    maxWorkers: 2,
    passWithNoTests: false,
    coverage: { provider: 'v8', include: ['packages/*/src/**'], exclude: ['**/gen/**'] },
  },
});
