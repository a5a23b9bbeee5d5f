/** What a client must know, and what each setting is, for messages. */
export const settingNames = {
  socket: 'the socket of the daemon',
  caCertificate: 'the path of the CA certificate',
  clientCertificate: 'the path of the client certificate',
  clientKey: 'the path of the client key',
} as const;

export type SettingName = keyof typeof settingNames;

/** A value as it was written, and where. */
export interface Setting {
  readonly value: string;
  /** For messages, e.g. `"auth.ca_crt" in "/etc/aurae/config"`. */
  readonly source: string;
  /** What a relative path is relative to. */
  readonly baseDir: string;
}

export type ClientSettings = { readonly [Name in SettingName]?: Setting };

/** Each setting from the first of the layers that gives it. */
export function mergeSettings(layers: readonly ClientSettings[]): ClientSettings {
  return Object.assign({}, ...layers.toReversed()) as ClientSettings;
}
