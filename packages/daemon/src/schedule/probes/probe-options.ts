export interface ProbeOptions {
  /** How long the run has lasted already; counts for the initial delay. Default: 0. */
  readonly ranForMs?: number;
  /** Hears of each bad answer, for a person. */
  readonly onFailure?: (reason: string) => void;
}
