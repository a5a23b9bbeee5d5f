import { ConsoleLogSink, LogDispatcher, LogRing } from '@aurae/observe-logs';

const log = new LogRing();
const dispatcher = new LogDispatcher({
  sinks: [{ name: 'console', sink: new ConsoleLogSink({ stream: process.stdout, format: 'json' }) }],
});
dispatcher.follow(log);

log.append({ channel: 'web', line: 'Listening', timestampMs: Date.now(), level: 'info', fields: { port: 8080 } });
log.append({ channel: 'web', line: 'Ready', timestampMs: Date.now(), level: 'info' });

// Any number of readers, each at its own speed.
for await (const { sequence, line } of log.subscribe({ signal: AbortSignal.timeout(1000) })) {
  console.log(`${sequence} ${line}`);
  if (line === 'Ready') break;
}

// Sends what is left, within five seconds.
await dispatcher.close();
