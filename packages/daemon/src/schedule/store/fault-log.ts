import type { BackendLog } from '@aurae/proto';

/** Says once that something fails, and once that it works again. */
export class FaultLog {
  private isFailing = false;

  constructor(
    private readonly log: BackendLog,
    private readonly fault: string,
    private readonly recovery: string,
  ) {}

  failed(error: unknown): void {
    if (!this.isFailing) this.log.warn(this.fault, { error });
    this.isFailing = true;
  }

  worked(): void {
    if (this.isFailing) this.log.info(this.recovery);
    this.isFailing = false;
  }
}
