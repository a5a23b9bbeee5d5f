import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const eslint = new ESLint({ cwd: repository });

async function faults(file: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: file });
  return result?.messages.map(({ message }) => message) ?? [];
}

// The lint rules are the architecture: each arrow that must not exist is tried.
describe('the dependency rules', () => {
  it.each([
    ['packages/proto/src/index.ts', '@aurae/daemon'],
    ['packages/observe-logs/src/index.ts', '@aurae/client'],
    ['packages/client/src/index.ts', '@aurae/observe-logs'],
    ['packages/runtime-process/src/index.ts', '@aurae/daemon'],
    ['packages/runtime-process/src/index.ts', '@aurae/runtime-container'],
    ['packages/runtime-container/src/index.ts', '@aurae/runtime-instance'],
    ['packages/daemon/src/index.ts', '@aurae/client'],
    ['packages/daemon/src/services/runtime-service.ts', '@aurae/runtime-process'],
    ['packages/cli/src/index.ts', '@aurae/daemon'],
    ['packages/cli/src/index.ts', '../../daemon/src/index.js'],
  ])('%s must not import %s', async (file, imported) => {
    const messages = await faults(file, `export * from '${imported}';\n`);
    expect(messages.join('\n')).toContain('ARCHITECTURE.md');
  });

  it('let only the composition root resolve from the container', async () => {
    const code = "import { container } from 'tsyringe';\nexport const x = container;\n";
    expect((await faults('packages/daemon/src/services/runtime-service.ts', code)).join()).toContain('ARCHITECTURE.md');
    expect(await faults('packages/daemon/src/composition/create-daemon.ts', code)).toEqual([]);
  });

  it('let the composition root name a backend', async () => {
    const code = "export * from '@aurae/runtime-process';\n";
    expect(await faults('packages/daemon/src/composition/built-in-backends.ts', code)).toEqual([]);
  });

  it('demand that a package declares what it imports', async () => {
    const messages = await faults('packages/proto/src/index.ts', "export * from 'commander';\n");
    expect(messages.join()).toContain('commander');
  });
});
