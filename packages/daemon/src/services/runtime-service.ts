import type { CallContext, runtime } from '@aurae/proto';
import { inject, injectable } from 'tsyringe';
import { ExecutableBackend } from '../tokens.js';

/** `runtime.Runtime`: work done while the caller waits, handed to the backend of its kind. */
@injectable()
export class RuntimeService implements Pick<runtime.Runtime<CallContext>, 'exec'> {
  constructor(@inject(ExecutableBackend) private readonly executables: ExecutableBackend) {}

  exec(context: CallContext, executable: runtime.Executable): Promise<runtime.ExecutableStatus> {
    return this.executables.exec(context, executable);
  }
}
