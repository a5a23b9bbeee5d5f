import { logLevels } from '@aurae/observe-logs';
import { InvalidSpecError } from '@aurae/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallScope } from '../../src/logging/log-context.js';
import { LogLevels } from '../../src/logging/log-levels.js';
import { keptLog } from './log-lines.js';

const alice = 'spiffe://node/alice';

function set(levels: LogLevels, component: string, level: string) {
  return levels.set({ component, level }, alice);
}

describe('the levels of the log', () => {
  it('hold for each component from the configuration on', () => {
    const { log, lines } = keptLog(new LogLevels('warn', { schedule: 'debug' }));
    log.forComponent('schedule').debug('told');
    log.forComponent('server').info('not told');
    log.info('not told either');
    expect(lines.map(({ channel }) => channel)).toEqual(['schedule']);
  });

  it('change at once, also for whoever has its log already', () => {
    const levels = new LogLevels('info');
    const { log, lines } = keptLog(levels);
    const [server, bound] = [log.forComponent('server'), log.forWorkload({ kind: 1, name: 'web' })];
    set(levels, 'server', 'debug');
    server.debug('1');
    bound.debug('not told');
    set(levels, '', 'error');
    server.debug('2');
    bound.warn('not told either');
    set(levels, 'server', '');
    server.warn('nor this');
    set(levels, '', '');
    bound.info('3');
    server.info('4');
    expect(lines.map(({ line }) => line).filter((line) => !line.startsWith('A level'))).toEqual(['1', '2', '3', '4']);
  });

  it('tell who has changed them, whatever they are', () => {
    const levels = new LogLevels('fatal');
    const { lines } = keptLog(levels);
    const by = new CallScope({ callId: 'c-1', identity: alice });
    by.run(() => set(levels, 'daemon', 'error'));
    expect(lines).toEqual([
      expect.objectContaining({
        channel: 'daemon',
        level: 'info',
        fields: { callId: 'c-1', identity: alice, of: 'daemon', level: 'error', before: 'fatal' },
      }),
    ]);
  });

  it('are shown by name, with whose own they are', () => {
    const levels = new LogLevels('info', { store: 'trace' });
    const { log } = keptLog(levels);
    log.forComponent('server');
    expect(set(levels, 'server', 'warn')).toEqual({
      level: 'info',
      components: [
        { component: 'daemon', level: 'info', isOwn: false },
        { component: 'server', level: 'warn', isOwn: true },
        { component: 'store', level: 'trace', isOwn: true },
      ],
    });
  });

  it('return to what the configuration says', () => {
    const levels = new LogLevels('info', { store: 'trace' });
    set(levels, 'store', 'error');
    expect(set(levels, 'store', '').components).toEqual([{ component: 'store', level: 'trace', isOwn: true }]);
  });

  it.each([
    ['', 'loud', 'there is no level "loud"; use "trace", "debug", "info", "warn", "error", "fatal"'],
    ['', 'INFO', 'there is no level "INFO"'],
    ['servre', 'debug', 'there is no component "servre"; there are "daemon", "server", "store"'],
    ['servre', '', 'there is no component "servre"'],
    ['__proto__', 'debug', 'there is no component "__proto__"'],
    ['x'.repeat(10_000), 'debug', `there is no component "${'x'.repeat(60)}…"`],
  ])('refuse component %j with level %j, tell what there is, and stay as they are', (component, level, problem) => {
    const levels = new LogLevels('info', { store: 'trace' });
    const { log, lines } = keptLog(levels);
    log.forComponent('server');
    const before = levels.show();
    expect(() => set(levels, component, level)).toThrow(InvalidSpecError);
    expect(() => set(levels, component, level)).toThrow(problem);
    expect(levels.show()).toEqual(before);
    expect(lines).toEqual([]);
  });

  it('are those of the last changes, whatever came before', () => {
    const names = ['a', 'b', 'daemon'];
    const change = fc.tuple(fc.constantFrom('', ...names), fc.constantFrom('', ...logLevels));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const levels = new LogLevels('info', { a: 'warn' });
        const { log } = keptLog(levels);
        const own = new Map<string, string>([['a', 'warn']]);
        let common = 'info';
        for (const [component, level] of changes) {
          set(levels, component === 'b' ? 'daemon' : component, level);
          const name = component === 'b' ? 'daemon' : component;
          if (name === '') common = level || 'info';
          else if (level !== '') own.set(name, level);
          else if (name === 'a') own.set('a', 'warn');
          else own.delete(name);
        }
        for (const name of ['a', 'daemon']) {
          const expected = own.get(name) ?? common;
          const heard = logLevels.filter((level) => log.forComponent(name).isEnabled(level));
          expect(heard).toEqual(logLevels.slice(logLevels.indexOf(expected as 'info')));
        }
      }),
    );
  });
});
