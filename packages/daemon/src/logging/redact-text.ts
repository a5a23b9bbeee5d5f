export const redacted = '[redacted]';

const hint = /:\/\/|BEGIN|Bearer|Basic|passw|passphrase|token|secret|key/i;

const patterns: readonly (readonly [RegExp, string])[] = [
  // Up to the end of it, or of the text, where it was cut.
  [/-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,32}PRIVATE KEY-----)?/g, redacted],
  // The credentials of a URL.
  [/(:\/\/)[^\s/?#@"'<>]+@/g, `$1${redacted}@`],
  [/\b(Bearer|Basic) [\w.~+/=-]{8,}/g, `$1 ${redacted}`],
  // `password=…`, `--api-key …`, `TOKEN: …`, in the words of commands, URLs and settings.
  [
    /((?:password|passwd|passphrase|secret|token|(?:api|access|private|secret)[-_]?key)["']?\s{0,2}[=:]\s{0,2}["']?)[^\s"'&,;]+/gi,
    `$1${redacted}`,
  ],
  [
    /((?<![\w-])--[\w-]{0,40}(?:password|passwd|passphrase|secret|token|key)\s{1,2})[^\s"'-][^\s"']*/gi,
    `$1${redacted}`,
  ],
];

/** The text without what looks like a secret in it. That is a net and no promise: whoever logs leaves secrets out. */
export function redactText(text: string): string {
  if (!hint.test(text)) return text;
  return patterns.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), text);
}
