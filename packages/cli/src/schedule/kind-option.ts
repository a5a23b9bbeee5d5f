import { Option } from 'commander';
import { kindNames } from '../values/workload-kind.js';

export function kindOption(description: string): Option {
  return new Option('--kind <kind>', description).choices(kindNames);
}
