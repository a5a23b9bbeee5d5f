// Writes a log as aurae-shim does: `node rotating-writer.js DIRECTORY RECORDS RECORDS_PER_SEGMENT SEGMENTS_KEPT`.
// Writes records in pieces, so that readers meet unfinished ones, and cuts some of them off again.
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';

const [directory = '', records = 0, recordsPerSegment = 0, segmentsKept = 0] = process.argv
  .slice(2)
  .map((argument, index) => (index === 0 ? argument : Number(argument)));
const segments = [];
let descriptor;
let size = 0;

function write(bytes) {
  size += writeSync(descriptor, bytes, 0, bytes.length, size);
}

function beginSegment(sequence) {
  if (descriptor !== undefined) closeSync(descriptor);
  const path = `${directory}/${String(sequence).padStart(20, '0')}.log`;
  descriptor = openSync(path, 'w');
  size = 0;
  segments.push(path);
  while (segments.length > segmentsKept) rmSync(segments.shift());
}

mkdirSync(directory, { recursive: true });
for (let sequence = 1; sequence <= records; sequence++) {
  if ((sequence - 1) % recordsPerSegment === 0) beginSegment(sequence);
  const channel = sequence % 3 === 0 ? 'stderr' : 'stdout';
  const record = Buffer.from(
    `${new Date().toISOString()} ${channel} F line ${sequence} ${'x'.repeat(sequence % 200)}\n`,
  );
  if (sequence % 7 === 0) {
    const before = size;
    write(record.subarray(0, 40));
    if (sequence % 2 === 0) {
      ftruncateSync(descriptor, before);
      size = before;
    } else {
      write(record.subarray(40));
      continue;
    }
  }
  write(record);
}
closeSync(descriptor);
