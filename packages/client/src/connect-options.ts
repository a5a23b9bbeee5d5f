/** Where to connect and as whom. Whatever is left out is discovered: see `discoverConfig`. */
export interface ConnectOptions {
  /** A path, `unix:///path`, or `host:port` or `tcp://host:port`. */
  readonly socket?: string | undefined;
  /** Client configuration file, read instead of `~/.aurae/config` and `/etc/aurae/config`. */
  readonly config?: string | undefined;
  /** The daemon that was started with this `--root`. */
  readonly root?: string | undefined;
  /** PEM file of the certificate authority that signed the daemon's certificate. */
  readonly caCertificate?: string | undefined;
  /** PEM file of the caller's certificate. */
  readonly clientCertificate?: string | undefined;
  /** PEM file of the private key that belongs to it. */
  readonly clientKey?: string | undefined;
  /** What messages call the options above, for a program whose user gives them as flags: `{ config: '--config' }`. */
  readonly optionNames?: Readonly<Partial<Record<ConnectOptionName, string>>> | undefined;
}

export type ConnectOptionName = 'socket' | 'config' | 'root' | 'caCertificate' | 'clientCertificate' | 'clientKey';
