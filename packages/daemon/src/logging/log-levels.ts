import { logLevels, type LogLevel } from '@aurae/observe-logs';
import { InvalidSpecError, type observe } from '@aurae/proto';

/** A level that holds from now on. */
export interface LogLevelChange {
  /** Empty: of all that have none of their own. */
  readonly component: string;
  readonly level: LogLevel;
  readonly before: LogLevel;
  /** Who has changed it. */
  readonly identity: string;
}

/** From which level on each component of the daemon is logged. Changes hold at once, until the daemon ends. */
export class LogLevels {
  private level: LogLevel;
  private readonly own: Map<string, LogLevel>;
  private readonly components = new Map<string, (level: LogLevel) => void>();
  private tell: (change: LogLevelChange) => void = () => {};

  /**
   * @param configuredLevel of components that have none of their own
   * @param configuredLevels of those that have, by their names
   */
  constructor(
    private readonly configuredLevel: LogLevel,
    private readonly configuredLevels: Readonly<Record<string, LogLevel>> = {},
  ) {
    this.level = configuredLevel;
    this.own = new Map(Object.entries(configuredLevels));
  }

  /** Makes a component known, and applies its level: now, and whenever it changes. One log is behind each name. */
  register(component: string, apply: (level: LogLevel) => void): void {
    this.components.set(component, apply);
    apply(this.levelOf(component));
  }

  /** Hears of every change after it was made. */
  onChange(tell: (change: LogLevelChange) => void): void {
    this.tell = tell;
  }

  show(): observe.LogLevels {
    const components = this.known().map((component) => ({
      component,
      level: this.levelOf(component),
      isOwn: this.own.has(component),
    }));
    return { level: this.level, components };
  }

  /**
   * An empty component means all that have no level of their own; an empty level, what the configuration says.
   *
   * @throws InvalidSpecError for a component or a level that there is not
   */
  set({ component, level }: observe.LogLevelSetRequest, identity: string): observe.LogLevels {
    const wanted = level === '' ? this.configured(component) : knownLevel(level);
    const before = component === '' ? this.level : this.levelOf(component);
    if (component === '') this.level = wanted ?? this.configuredLevel;
    else this.setOwn(component, wanted);
    for (const [name, apply] of this.components) apply(this.levelOf(name));
    const after = component === '' ? this.level : this.levelOf(component);
    this.tell({ component, level: after, before, identity });
    return this.show();
  }

  private levelOf(component: string): LogLevel {
    return this.own.get(component) ?? this.level;
  }

  private setOwn(component: string, level: LogLevel | undefined): void {
    const known = this.known();
    if (!known.includes(component)) throw unknownComponent(component, known);
    if (level === undefined) this.own.delete(component);
    else this.own.set(component, level);
  }

  private configured(component: string): LogLevel | undefined {
    return Object.hasOwn(this.configuredLevels, component) ? this.configuredLevels[component] : undefined;
  }

  private known(): string[] {
    const configured = Object.keys(this.configuredLevels);
    return [...new Set([...this.components.keys(), ...this.own.keys(), ...configured])].sort();
  }
}

/** @throws InvalidSpecError for what is no level */
export function knownLevel(text: string, field = 'level'): LogLevel {
  const level = logLevels.find((known) => known === text);
  if (level !== undefined) return level;
  const description = `there is no level ${shown(text)}; use ${logLevels.map(shown).join(', ')}`;
  throw new InvalidSpecError(`Cannot choose a level of the log: ${description}`, [{ field, description }]);
}

function unknownComponent(component: string, known: readonly string[]): InvalidSpecError {
  const description = `there is no component ${shown(component)}; there are ${known.map(shown).join(', ')}`;
  return new InvalidSpecError(`Cannot set the level of the log: ${description}`, [{ field: 'component', description }]);
}

function shown(text: string): string {
  return JSON.stringify(text.length <= 60 ? text : `${text.slice(0, 60)}…`);
}
