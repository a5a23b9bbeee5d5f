import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** What the kernel reads of a script, BINPRM_BUF_SIZE. */
const scriptHeadBytes = 256;
/** Mostly enough to hold the program headers of an ELF file, and what they name. */
const headBytes = 4096;

export interface Interpreter {
  readonly path: string;
  /** Of a script: the interpreter is itself executed. Else it is the dynamic linker. */
  readonly isScript: boolean;
}

/** The program that a file asks the kernel for. Undefined when it asks for none, or cannot be read. */
export async function interpreterOf(path: string): Promise<Interpreter | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
      return parseInterpreter(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

/** Of the beginning of a file. */
export function parseInterpreter(head: Buffer): Interpreter | undefined {
  return scriptInterpreter(head) ?? dynamicLinker(head);
}

function scriptInterpreter(head: Buffer): Interpreter | undefined {
  const line = head.toString('utf8', 0, Math.min(head.length, scriptHeadBytes));
  const path = /^#![ \t]*([^ \t\n\0]+)/.exec(line)?.[1];
  return path === undefined ? undefined : { path, isScript: true };
}

/** e_machine of elf(5), by the name that Node has for it. */
const machines: Readonly<Record<string, number>> = { x64: 62, arm64: 183, riscv64: 243, loong64: 258 };
const programHeaderBytes = 56;
const interpreterEntry = 3;

/** Of a 64-bit file, in little endian, for this machine: the kernel may leave others to other programs. */
function dynamicLinker(head: Buffer): Interpreter | undefined {
  const isNative =
    head.length >= 64 &&
    head.readUInt32BE(0) === 0x7f454c46 &&
    head.readUInt16LE(4) === 0x0102 &&
    head.readUInt16LE(18) === machines[process.arch];
  if (!isNative) return undefined;
  const first = Number(head.readBigUInt64LE(32));
  const count = head.readUInt16LE(56);
  for (let index = 0; index < count; index++) {
    const entry = first + index * programHeaderBytes;
    if (entry + programHeaderBytes > head.length) return undefined;
    if (head.readUInt32LE(entry) === interpreterEntry) return linkerAt(head, entry);
  }
  return undefined;
}

function linkerAt(head: Buffer, entry: number): Interpreter | undefined {
  const start = Number(head.readBigUInt64LE(entry + 8));
  const end = start + Number(head.readBigUInt64LE(entry + 32)) - 1;
  if (end > head.length || end <= start) return undefined;
  return { path: head.toString('utf8', start, end), isScript: false };
}
