import type { LogBatch, LogItem } from '../gen/observe.js';
import { WireWriter } from './wire-writer.js';

// Numbers and wire types of the fields of observe.proto, as they stand before a value on the wire.
const itemsTag = 10;
const logIdTag = 18;
const channelTag = 10;
const lineTag = 18;
const timestampTag = 24;
// Two bytes each: fields from 16 up.
const sequenceTag = 128;
const droppedTag = 136;
const levelTag = 146;
const fieldsJsonTag = 154;
const partialTag = 160;
const lineBytesTag = 170;

/** All of an item but its texts and bytes: at most 8 tags of 2 bytes, 6 lengths of 5, and 3 numbers of 10. */
const itemOverheadBytes = 96;

const writer = new WireWriter();

/**
 * The protobuf wire of a batch, byte for byte what the generated codec writes, in a fraction of its time.
 *
 * @throws Error when a number is out of the range of its field
 */
export function encodeLogBatch({ items, logId }: LogBatch): Buffer {
  writer.begin(itemsBound(items) + WireWriter.textBound(logId) + itemOverheadBytes);
  for (const item of items) writeItem(item);
  if (logId !== '') writer.text(logIdTag, logId);
  return writer.finish();
}

function itemsBound(items: readonly LogItem[]): number {
  let bytes = 0;
  for (const { channel, line, level, fieldsJson, lineBytes } of items) {
    bytes += itemOverheadBytes + WireWriter.textBound(line) + WireWriter.textBound(channel) + lineBytes.length;
    if (level !== '') bytes += WireWriter.textBound(level);
    if (fieldsJson !== '') bytes += WireWriter.textBound(fieldsJson);
  }
  return bytes;
}

function writeItem(item: LogItem): void {
  const { line } = item;
  const start = writer.open(itemsTag, line.length);
  if (item.channel !== '') writer.recurringText(channelTag, item.channel);
  if (line !== '') writer.text(lineTag, line);
  if (item.timestamp !== 0n) writer.signed(timestampTag, item.timestamp, 'timestamp');
  if (item.sequence !== 0n) writer.unsigned(sequenceTag, item.sequence, 'sequence');
  if (item.dropped !== 0n) writer.unsigned(droppedTag, item.dropped, 'dropped');
  if (item.level !== '') writer.text(levelTag, item.level);
  if (item.fieldsJson !== '') writer.text(fieldsJsonTag, item.fieldsJson);
  if (item.partial) writer.flag(partialTag);
  if (item.lineBytes.length > 0) writer.bytes(lineBytesTag, item.lineBytes);
  writer.close(start, line.length);
}
