/** The values of an exposition, by name and labels as they are written: `aurae_workloads{kind="executable"}`. */
export class ScrapedText {
  readonly types = new Map<string, string>();
  readonly values = new Map<string, number>();
  readonly samples: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[] = [];

  constructor(readonly text: string) {
    for (const line of text.split('\n')) {
      const [, type, kind] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
      if (type !== undefined && kind !== undefined) this.types.set(type, kind);
      else if (line !== '' && !line.startsWith('#')) this.add(line);
    }
  }

  /** Undefined when it is absent. `labels`: some that only one sample has. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const found = this.samples.filter(
      (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    );
    if (found.length > 1) throw new Error(`"${name}" has ${found.length} samples with ${JSON.stringify(labels)}`);
    return found[0]?.value;
  }

  private add(line: string): void {
    const [, name = '', labelText = '', number = ''] =
      /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\]|\\.)*",?)*)\})? (\S+)$/.exec(line) ?? [];
    if (name === '') throw new Error(`Not a sample: ${line}`);
    const key = `${name}{${labelText}}`;
    if (this.values.has(key)) throw new Error(`Twice: ${line}`);
    const value = Number(number.replace('Inf', 'Infinity'));
    this.values.set(key, value);
    this.samples.push({ name, labels: labelsOf(labelText), value });
  }
}

function labelsOf(text: string): Record<string, string> {
  const pairs = text.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g);
  return Object.fromEntries(Array.from(pairs, ([, key, value]) => [key, unescaped(value ?? '')]));
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
