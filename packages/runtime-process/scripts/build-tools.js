import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * What node-gyp runs, each with the Debian package that brings it, and the variables by which a person chooses another
 * program: then that choice is theirs.
 */
const tools = [
  { programs: ['cc', 'gcc', 'clang'], package: 'gcc', variables: ['CC'], use: 'a C compiler' },
  // gyp links with it, and node-pty is written in C++.
  { programs: ['c++', 'g++', 'clang++'], package: 'g++', variables: ['CXX'], use: 'a C++ compiler' },
  { programs: ['make', 'gmake'], package: 'make', variables: ['MAKE'], use: 'make' },
  {
    programs: ['python3', 'python'],
    package: 'python3',
    variables: ['PYTHON', 'NODE_GYP_FORCE_PYTHON', 'npm_config_python'],
    use: 'Python 3',
  },
];

/** One sentence with the line that installs what is missing; undefined when all is there. */
export function missingTools(env = process.env, isRoot = process.getuid?.() === 0) {
  const absent = tools.filter(
    ({ programs, variables }) =>
      !variables.some((variable) => env[variable]) && !programs.some((program) => isOnPath(program, env)),
  );
  if (absent.length === 0) return undefined;
  const uses = absent.map(({ use }) => use);
  const list = uses.length === 1 ? uses[0] : `${uses.slice(0, -1).join(', ')} and ${uses.at(-1)}`;
  const packages = absent.map((tool) => tool.package).join(' ');
  return (
    `@aurae/runtime-process compiles its native part, and this machine lacks ${list}: install with ` +
    `\`${isRoot ? '' : 'sudo '}apt-get install -y --no-install-recommends ${packages}\`, then try again`
  );
}

function isOnPath(program, env) {
  return (env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
