import { NotFoundError } from '@aurae/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactFields } from '../../src/logging/redact-fields.js';
import { redactText } from '../../src/logging/redact-text.js';
import { keptLog } from './log-lines.js';

const secretNames = [
  'env',
  'ENV',
  'environment',
  'headers',
  'password',
  'dbPassword',
  'DB_PASSWORD',
  'token',
  'accessToken',
  'token_id',
  'key',
  'apiKey',
  'api-key',
  'private_key',
  'client.secret',
  'authorization',
  'Set-Cookie',
  'credentials',
  'passphrase',
];

const secret = 'hunter2-ünd-more';

/** The same value with a secret somewhere inside. */
const buried = fc
  .array(fc.constantFrom('object', 'array', 'error', 'cause', 'map', 'set'), { maxLength: 5 })
  .chain((shells) =>
    fc.constantFrom(...secretNames).map((name) => shells.reduce(wrapped, { [name]: secret, harmless: 'shown' })),
  );

function wrapped(inner: object, shell: string): object {
  switch (shell) {
    case 'array':
      return [1, inner];
    case 'error':
      return Object.assign(new Error('failed'), { details: inner });
    case 'cause':
      return new Error('failed', { cause: inner });
    case 'map':
      return new Map([['inner', inner]]);
    case 'set':
      return new Set([inner]);
    default:
      return { inner };
  }
}

describe('the fields of a line', () => {
  it('never hold what is secret by its name, however deep it lies', () => {
    fc.assert(
      fc.property(buried, fc.constantFrom('error', 'details', 'env'), (value, name) => {
        const { log, lines } = keptLog();
        log.warn('Failed', { [name]: value });
        const text = JSON.stringify(lines);
        expect(text).not.toContain('hunter2');
        if (name !== 'env') expect(text).toContain('shown');
      }),
    );
  });

  it('stay as they are where nothing is secret', () => {
    const json = fc
      .jsonValue({ maxDepth: 4 })
      .filter((value) => !/env|key|token|pass|secret|auth|cred|cookie|header|pem|:\/\//i.test(JSON.stringify(value)));
    fc.assert(
      fc.property(json, (value) => {
        const redacted = JSON.stringify(redactFields({ value }));
        expect(redacted).toBe(JSON.stringify({ value }));
      }),
    );
  });

  it('may be anything at all, and are bounded', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string(),
          fc.anything({
            withBigInt: true,
            withDate: true,
            withMap: true,
            withSet: true,
            withTypedArray: true,
            withNullPrototype: true,
            withObjectString: true,
          }),
        ),
        (fields) => {
          expect(() => JSON.stringify(redactFields(fields))).not.toThrow();
        },
      ),
    );
    const deep = Array.from({ length: 10_000 }).reduce<object>((inner) => ({ inner }), {});
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, number) => [`n${number}`, number]));
    const text = JSON.stringify(redactFields({ deep, list: Object.values(wide), wide, long: 'x'.repeat(1e7) }));
    expect(text.length).toBeLessThan(120_000);
    expect(text).toContain('left out');
  });

  it('tell an error with its cause and its facts', () => {
    const cause = new NotFoundError('There is no "web"', { metadata: { name: 'web' } });
    const { error } = redactFields({ error: new TypeError('x is not a function', { cause }) });
    expect(error).toMatchObject({
      type: 'TypeError',
      message: 'x is not a function',
      stack: expect.stringContaining('redact.spec'),
      cause: { type: 'NotFoundError', message: 'There is no "web"', reason: 'NOT_FOUND', metadata: { name: 'web' } },
    });
  });

  it('survive what is circular, or throws when it is looked at', () => {
    const circular: Record<string, unknown> = { name: 'web' };
    circular['self'] = circular;
    const trap = Object.defineProperty({}, 'value', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    expect(redactFields({ circular, trap, twice: [circular, circular] })).toEqual({
      circular: { name: 'web', self: '(circular)' },
      trap: { value: '(cannot be read)' },
      twice: [
        { name: 'web', self: '(circular)' },
        { name: 'web', self: '(circular)' },
      ],
    });
  });
});

describe('texts', () => {
  it.each([
    ['postgres://app:hunter2@db/main', 'postgres://[redacted]@db/main'],
    ['https://ghp_abcdef@github.com/x', 'https://[redacted]@github.com/x'],
    ['authorization: Bearer hunter2.hunter2', 'authorization: Bearer [redacted]'],
    ['mysql --password=hunter2 -u root', 'mysql --password=[redacted] -u root'],
    ['tool --api-key hunter2 --verbose', 'tool --api-key [redacted] --verbose'],
    ['{"token": "hunter2"}', '{"token": "[redacted]"}'],
    ['PASSWORD=hunter2 ./serve', 'PASSWORD=[redacted] ./serve'],
    ['-----BEGIN EC PRIVATE KEY-----\nhunter2\n-----END EC PRIVATE KEY-----\nrest', '[redacted]\nrest'],
  ])('lose what looks like a secret: %s', (text, expected) => {
    expect(redactText(text)).toBe(expected);
    const { log, lines } = keptLog();
    log.error(`Failed: ${text}`, { reason: text, error: new Error(text) });
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });

  it.each([
    'Cannot start "web": the working directory "/srv/web" does not exist',
    'Unexpected token } in JSON at position 1',
    'http://127.0.0.1:4318/v1/traces',
    'the key of a label is empty',
    'spiffe://unsafe.aurae.io/client/admin',
  ])('stay as they are: %s', (text) => {
    expect(redactText(text)).toBe(text);
  });

  it('are read in a time that grows with their length alone', () => {
    for (const part of [
      '--',
      '--key',
      '://',
      '://a',
      'token=',
      '-----BEGIN PRIVATE KEY-----',
      'Bearer a',
      'secret"  ',
    ]) {
      const text = part.repeat(65_536 / part.length);
      const begun = performance.now();
      redactText(text);
      expect(performance.now() - begun).toBeLessThan(250);
    }
  });
});
