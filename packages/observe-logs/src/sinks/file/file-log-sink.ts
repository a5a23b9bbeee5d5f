import { type backend, type CallContext, type meta, UnavailableError } from '@aurae/proto';
import { jsonLine } from '../../lines/json-line.js';
import { BatchTurns } from '../batch-turns.js';
import { SinkReport } from '../sink-report.js';
import { fileFailure } from './file-failure.js';
import type { FileSinkOptions } from './file-sink-options.js';
import { LogFile } from './log-file.js';
import { RotatedFiles } from './rotated-files.js';

/** How long the end of the sink waits for a disk that does not answer. */
const lastWriteMs = 500;

/**
 * Appends records to a file, one JSON object a line, and rotates it. A batch is in the file as a whole or not at all: of
 * one that fails, nothing stays, and it can be written again. Only one sink, of one process, may write to a file.
 */
export class FileLogSink implements backend.LogSink<CallContext> {
  private readonly turns = new BatchTurns();
  private readonly report: SinkReport;
  private readonly rotated: RotatedFiles;
  private file: LogFile | undefined;
  private rotations = 0;
  private isDisposed = false;

  constructor(private readonly options: FileSinkOptions) {
    this.report = new SinkReport('file', `See to the disk and the directory of "${options.path}"`);
    this.rotated = new RotatedFiles(options.path, { keepFiles: options.keep_files, compress: options.compress });
  }

  async describe(): Promise<meta.BackendDescription> {
    return this.report.describe({
      path: this.options.path,
      fileBytes: `${this.file?.bytes ?? 0}`,
      rotations: `${this.rotations}`,
      failedCompressions: `${this.rotated.failures}`,
    });
  }

  /**
   * @throws ResourceExhaustedError when the disk is full
   * @throws UnavailableError when the file cannot be opened or written to, or the sink is disposed
   */
  async write({ signal }: CallContext, { records }: backend.LogWriteRequest): Promise<backend.LogWriteResponse> {
    await this.turns.write(records, signal, () => this.report.track(records.length, () => this.append(records)));
    return {};
  }

  /** Answers when the kernel has everything, and with `sync = "batch"` the disk. */
  async flush({ signal }: CallContext): Promise<backend.LogFlushResponse> {
    await this.turns.idle(signal);
    return {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
    const isIdle = await this.turns.idle(AbortSignal.timeout(lastWriteMs)).then(
      () => true,
      () => false,
    );
    await this.rotated[Symbol.asyncDispose]();
    // Else the write that is under way closes it, when the disk answers.
    if (isIdle) await this.closeFile();
  }

  private async append(records: readonly backend.LogRecord[]): Promise<void> {
    if (this.isDisposed) throw new UnavailableError(`Cannot write the log file "${this.options.path}": it is closed`);
    if (records.length === 0) return;
    const bytes = Buffer.from(linesOf(records));
    try {
      const file = await this.fileFor(bytes.length);
      await file.append(bytes);
      if (this.options.sync === 'batch') await file.sync();
    } catch (error) {
      await this.closeFile();
      throw fileFailure(this.options.path, error);
    } finally {
      if (this.isDisposed) await this.closeFile();
    }
  }

  /** The file to append so much to: the one that is open, unless it is full or no longer at its path. */
  private async fileFor(bytes: number): Promise<LogFile> {
    if (this.file && !(await this.file.isCurrent())) await this.closeFile();
    let file = this.file ?? (await this.openFile());
    if (file.bytes > 0 && file.bytes + bytes > this.options.rotate_bytes) {
      await this.rotated.add();
      this.rotations += 1;
      await this.closeFile();
      file = await this.openFile();
    }
    return file;
  }

  private async openFile(): Promise<LogFile> {
    this.file = await LogFile.open(this.options.path);
    // What an ended process, or a smaller number of files to keep, has left to do.
    if (this.rotations === 0) this.rotated.tidy();
    return this.file;
  }

  private async closeFile(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    // What a full disk or a server refuses at the end it has refused to a write before.
    await file?.close().catch(() => {});
  }
}

function linesOf(records: readonly backend.LogRecord[]): string {
  let text = '';
  for (const record of records) text += `${jsonLine(record)}\n`;
  return text;
}
