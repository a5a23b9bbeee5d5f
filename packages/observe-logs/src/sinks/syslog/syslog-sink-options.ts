import { z } from 'zod';
import { parseSyslogAddress, syslogAddressForm } from './syslog-address.js';

/** RFC 5424, section 6.2.1, table 1, by the names of syslog(3); their index is their number. */
const facilities = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'],
  ...['ntp', 'security', 'console', 'solaris-cron'],
  ...['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
];

const headerText = (longest: number) =>
  z.string().regex(new RegExp(`^[!-~]{1,${longest}}$`), { error: `1 to ${longest} visible ASCII characters` });

export const syslogSinkOptions = z.strictObject({
  address: z
    .string()
    .transform((text, context) => {
      const address = parseSyslogAddress(text);
      if (address) return address;
      context.addIssue({ code: 'custom', message: syslogAddressForm });
      return z.NEVER;
    })
    .prefault('unix:/dev/log'),
  facility: z
    .enum(facilities)
    .default('daemon')
    .transform((name) => facilities.indexOf(name)),
  /** Default: the host's own. */
  hostname: headerText(255).optional(),
  app_name: headerText(48).default('auraed'),
  /** Longer messages are cut; rsyslog takes 8096 bytes unless told otherwise. */
  max_message_bytes: z.int().min(2048).max(65_000).default(8000),
  /** On a stream: RFC 6587, section 3.4.1 or 3.4.2. */
  framing: z.enum(['octet-counting', 'newline']).default('octet-counting'),
  /** Marks text beyond ASCII as UTF-8, as RFC 5424 asks for; some receivers show the mark. */
  byte_order_mark: z.boolean().default(true),
});

export type SyslogSinkOptions = z.output<typeof syslogSinkOptions>;
