import type { runtime } from '@aurae/proto';
import { UsageError } from '../failures.js';
import type { WorkloadKindName } from '../values/workload-kind.js';
import { type CriteriaOptions, criteriaRequest, restartRequest } from './criteria-request.js';
import { type ExecutableOptions, executableRequest } from './executable-request.js';

export interface EnableOptions extends ExecutableOptions, CriteriaOptions {
  readonly file?: readonly string[];
  readonly kind?: WorkloadKindName;
}

/** What `aurae enable` is asked to enable. */
export type EnableSource =
  | {
      readonly from: 'options';
      readonly executable: runtime.DeepPartial<runtime.Executable> & { meta: { name: string } };
    }
  | { readonly from: 'files'; readonly files: readonly string[] }
  | { readonly from: 'names'; readonly names: readonly string[] };

/** Options that say nothing about a workload. */
const general = new Set(['socket', 'config', 'root', 'caCrt', 'clientCrt', 'clientKey', 'output', 'file', 'kind']);
const example = 'aurae enable --name web -- CMD';

/** @param words what follows `--`; undefined without one */
export function enableSource(
  names: readonly string[],
  words: readonly string[] | undefined,
  options: EnableOptions,
): EnableSource {
  const { file: files = [] } = options;
  const describesOne = words !== undefined || Object.keys(options).some((option) => !general.has(option));
  if (files.length > 0) {
    if (names.length > 0 || describesOne)
      throw new UsageError('with --file everything stands in the file: leave out the rest');
    if (options.kind !== undefined) throw new UsageError('option --kind goes with names, and not with --file');
    return { from: 'files', files };
  }
  if (names.length > 0) {
    if (describesOne) refuseNames(names);
    return { from: 'names', names };
  }
  if (!describesOne)
    throw new UsageError(`give what to enable: "${example}", "aurae enable -f FILE" or "aurae enable NAME"`);
  if (options.kind !== undefined)
    throw new UsageError('option --kind goes with names: what follows "--" is an executable');
  return { from: 'options', executable: executableOf(words ?? [], options) };
}

function executableOf(words: readonly string[], options: EnableOptions) {
  const request = executableRequest(words, options, example);
  const restart = restartRequest(options);
  const criteria = criteriaRequest(options);
  return { ...request, ...(restart ? { restart } : {}), ...(criteria ? { criteria } : {}) };
}

function refuseNames(names: readonly string[]): never {
  throw new UsageError(
    `"${names.join(' ')}" before "--" is the name of what is known: a command follows "--", as in "${example}"; ` +
      'and to enable again what is known, leave out "--" and all other options',
  );
}
