import { FailedPreconditionError } from '@aurae/proto';

/** The part of node-pty that opens a terminal without starting a program: what its `open` itself is made of. */
export interface TerminalLibrary {
  /** Throws when there are no terminals, or descriptors are short. */
  open(columns: number, rows: number): { readonly master: number; readonly slave: number };
  resize(master: number, columns: number, rows: number): void;
}

let loaded: TerminalLibrary | undefined;

/** Only once somebody wants a terminal: loading it takes time that every start would pay. */
export async function terminalLibrary(): Promise<TerminalLibrary> {
  loaded ??= await load();
  return loaded;
}

async function load(): Promise<TerminalLibrary> {
  try {
    const { native } = (await import('node-pty')) as unknown as { readonly native?: Partial<TerminalLibrary> };
    if (native?.open && native.resize) return native as TerminalLibrary;
    throw new Error('it has no `open` or no `resize`');
  } catch (cause) {
    throw new FailedPreconditionError(
      'Cannot give the command a terminal: node-pty cannot be loaded. Get it with `npm i node-pty` (`npm ci` in a checkout), which needs a ' +
        'C++ compiler, make and Python (`apt-get install build-essential python3`); without a terminal the command runs',
      { cause },
    );
  }
}
