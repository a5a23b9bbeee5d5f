/** A configuration that cannot be used. The daemon says so and exits with 2. */
export class ConfigError extends Error {
  constructor(
    message: string,
    /** One sentence for each fault: file, key, value and what is allowed. */
    readonly faults: readonly string[],
  ) {
    super(message);
    this.name = 'ConfigError';
  }
}
