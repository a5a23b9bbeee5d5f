import { type CronField, cronFields, type CronPiece, splitCron, splitList } from './cron-fields.js';
import { cronLibrary } from './cron-library.js';

const longestExpression = 500;
const nicknames = ['@hourly', '@daily', '@midnight', '@weekly', '@monthly', '@yearly', '@annually'];
/** Any moment does: the calendar repeats every 400 years, and the library looks that far. */
const someMomentMs = Date.UTC(2000, 0, 1);

/** Found right before: many workloads share an expression, and to parse one takes a tenth of a millisecond. */
const foundRight = new Set<string>();
const mostFoundRight = 256;

/** What is wrong with a cron expression and where, for a person; undefined when it is right. */
export function cronFault(expression: string): string | undefined {
  if (foundRight.has(expression)) return undefined;
  const fault = findFault(expression);
  if (fault !== undefined) return fault;
  if (foundRight.size >= mostFoundRight) foundRight.clear();
  foundRight.add(expression);
  return undefined;
}

function findFault(expression: string): string | undefined {
  if (expression.length > longestExpression) {
    return `the cron expression has ${expression.length} characters; at most ${longestExpression} are allowed`;
  }
  const pieces = splitCron(expression);
  const [first] = pieces;
  if (first === undefined) return 'the cron expression is empty; use one as in "0 3 * * *" (every day at 3:00)';
  if (first.text.startsWith('@')) return nicknameFault(expression, pieces);
  if (pieces.length !== 5 && pieces.length !== 6) return countFault(expression, pieces);
  return fieldFaults(expression, pieces) ?? neverFault(expression);
}

function nicknameFault(expression: string, [nickname, second]: readonly CronPiece[]): string | undefined {
  if (nickname?.text.toLowerCase() === '@reboot') {
    return `the cron expression ${JSON.stringify(expression)} needs no timer: without one, the start is at boot`;
  }
  if (!nicknames.includes(nickname?.text.toLowerCase() ?? '')) {
    return faultAt(expression, nickname, `there are ${nicknames.join(', ')}`);
  }
  return second && faultAt(expression, second, 'nothing may follow a nickname');
}

function countFault(expression: string, pieces: readonly CronPiece[]): string {
  const count = `${pieces.length} ${pieces.length === 1 ? 'field' : 'fields'}`;
  return (
    `the cron expression ${JSON.stringify(expression)} has ${count}; it needs five (minute, hour, day of the month, ` +
    'month, day of the week), or six that begin with the second'
  );
}

function fieldFaults(expression: string, pieces: readonly CronPiece[]): string | undefined {
  if (isRight(pieces.map(({ text }) => text))) return undefined;
  const offset = cronFields.length - pieces.length;
  for (const [index, piece] of pieces.entries()) {
    const field = cronFields[index + offset];
    const faulty = field && faultyPart(piece, index + offset);
    if (field && faulty) return faultAt(expression, faulty, fieldRule(field, faulty.text));
  }
  return `the cron expression ${JSON.stringify(expression)} is wrong; use one as in "0 3 * * *" (every day at 3:00)`;
}

/** The library tells what is wrong and not where: so each part is tried alone. */
function faultyPart(piece: CronPiece, fieldIndex: number): CronPiece | undefined {
  if (isRightAlone(piece.text, fieldIndex)) return undefined;
  return splitList(piece).find(({ text }) => text !== '' && !isRightAlone(text, fieldIndex)) ?? piece;
}

function isRightAlone(text: string, fieldIndex: number): boolean {
  return isRight(cronFields.map((_, index) => (index === fieldIndex ? text : '*')));
}

function isRight(fields: readonly string[]): boolean {
  try {
    new (cronLibrary().Cron)(fields.join(' '), { mode: '5-or-6-parts', paused: true });
    return true;
  } catch {
    return false;
  }
}

function fieldRule({ name, allowed, lowest, highest }: CronField, text: string): string {
  if (/^,|,,|,$/.test(text)) return 'a list must have a value on both sides of each comma';
  const numbers = /^(\d+)(?:-(\d+))?$/.exec(text)?.slice(1).filter(Boolean).map(Number) ?? [];
  const [from, to] = numbers;
  if (numbers.length > 0 && numbers.every((number) => number >= lowest && number <= highest)) {
    if (from !== undefined && to !== undefined && from > to) return 'a range must begin with the lower of its ends';
  }
  if (text.includes('/')) {
    return `a step of the ${name} must be written as in "*/5" or "${lowest}-${highest}/5", and be 1 to ${highest - lowest + 1}`;
  }
  return `the ${name} must be ${allowed}`;
}

function neverFault(expression: string): string | undefined {
  const cron = new (cronLibrary().Cron)(expression, { mode: '5-or-6-parts', paused: true, timezone: 'UTC' });
  if (cron.nextRun(new Date(someMomentMs)) !== null) return undefined;
  return `the cron expression ${JSON.stringify(expression)} never comes due: no month that it names has such a day`;
}

function faultAt(expression: string, piece: CronPiece | undefined, rule: string): string {
  const where = `column ${piece?.column} (${JSON.stringify(piece?.text)})`;
  return `the cron expression ${JSON.stringify(expression)} is wrong at ${where}: ${rule}`;
}
