import n from 'eslint-plugin-n';
import tseslint from 'typescript-eslint';

const runtimes = ['runtime-process', 'runtime-container', 'runtime-instance'];

/** Which packages of this repository each one may import: the arrows of ARCHITECTURE.md. */
const allowedImports = {
  proto: [],
  'observe-logs': ['proto'],
  client: ['proto'],
  conformance: ['proto'],
  'runtime-process': ['proto', 'observe-logs'],
  'runtime-container': ['proto', 'observe-logs'],
  'runtime-instance': ['proto', 'observe-logs'],
  daemon: ['proto', 'observe-logs', ...runtimes],
  cli: ['client', 'proto'],
};
const packages = Object.keys(allowedImports);

const boundary = (name, forbidden) => ({
  group: forbidden.flatMap((other) => [`@aurae/${other}`, `@aurae/${other}/*`]),
  message: `@aurae/${name} must not import this package: see "Dependency rules" in ARCHITECTURE.md.`,
});

/** A package is entered by its name, and so by its `exports`. */
const byName = {
  regex: `^(\\.\\./)+(packages/)?(${packages.join('|')})/(src|dist)/`,
  message: 'Import another package by its name: see "Dependency rules" in ARCHITECTURE.md.',
};

const boundaries = packages.map((name) => ({
  files: [`packages/${name}/src/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          byName,
          boundary(
            name,
            packages.filter((other) => other !== name && !allowedImports[name].includes(other)),
          ),
        ],
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['**/dist/', '**/build/', '**/src/gen/', '**/node_modules/', '.nx/'] },
  ...tseslint.configs.recommended,
  {
    files: ['packages/*/{src,test}/**/*.ts', 'e2e/test/**/*.ts', 'bench/src/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-empty-function': 'off',
      eqeqeq: 'error',
    },
  },
  {
    files: ['packages/*/src/**/*.ts', 'packages/*/bin/*.js'],
    plugins: { n },
    // tsc and the nx graph both miss an undeclared import of a workspace package.
    rules: { 'n/no-extraneous-import': 'error' },
  },
  ...boundaries,
  {
    files: ['packages/daemon/src/**/*.ts'],
    ignores: ['packages/daemon/src/composition/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            byName,
            boundary('daemon', ['client', 'cli', 'conformance']),
            {
              group: runtimes.map((name) => `@aurae/${name}`),
              message: 'Only the composition root names concrete backends: see "Dependency rules" in ARCHITECTURE.md.',
            },
            {
              group: ['tsyringe'],
              importNames: ['container', 'delay'],
              message: 'Nothing but the composition root resolves from the container: see ARCHITECTURE.md.',
            },
          ],
        },
      ],
    },
  },
);
