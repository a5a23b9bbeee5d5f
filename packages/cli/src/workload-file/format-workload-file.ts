import type { schedule } from '@aurae/proto';
import { stringify } from 'smol-toml';
import type { FileFormat } from './file-format.js';
import { writeDocument } from './workload-document.js';

/** The text of a workload file that `parseWorkloadFile` reads back as the same records. */
export function formatWorkloadFile(records: readonly schedule.ScheduleRecord[], format: FileFormat): string {
  const document = writeDocument(records);
  if (format === 'json') return `${JSON.stringify(document, undefined, 2)}\n`;
  return `# Workloads of Aurae: "aurae schedule import FILE" brings a schedule to this.\n\n${stringify(document)}\n`;
}
