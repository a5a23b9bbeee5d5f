import type { Key } from '../terminal/key-decoder.js';
import { shownKey, type WorkloadKey } from '../schedule/workload-key.js';
import { type SortBy, sorted, sortKeys } from './top-order.js';
import type { TopSnapshot } from './top-source.js';
import { textOfKey, type TopWorkload } from './top-workload.js';

export type EndingAction = 'stop' | 'kill';

/** What is over the list, and takes the keys. */
export type TopMode =
  | { readonly kind: 'list' }
  | { readonly kind: 'filter' }
  | { readonly kind: 'confirm'; readonly action: EndingAction; readonly key: WorkloadKey }
  | { readonly kind: 'help' };

/** What a key asks of whoever owns the model. */
export type TopRequest =
  | { readonly kind: 'quit' }
  | { readonly kind: 'end'; readonly action: EndingAction; readonly key: WorkloadKey }
  | { readonly kind: 'open-log'; readonly key: WorkloadKey };

const longestFilter = 128;

/** What is shown of the workloads, and how keys change that. */
export class TopModel {
  mode: TopMode = { kind: 'list' };
  sortBy: SortBy = 'cpu';
  isReversed = false;
  filter = '';
  /** Also what has ended or is disabled. */
  showsAll = false;
  trend: 'cpu' | 'memory' = 'cpu';
  /** How many rows there is room for. */
  pageRows = 1;
  private selected: string | undefined;
  private selectedIndex = 0;
  private offset = 0;
  private shownRows: readonly TopWorkload[] = [];

  constructor(public snapshot: TopSnapshot) {
    this.arrange();
  }

  get rows(): readonly TopWorkload[] {
    return this.shownRows;
  }

  get selection(): TopWorkload | undefined {
    return this.shownRows[this.selectedIndex];
  }

  get selectedRow(): number {
    return this.selectedIndex;
  }

  /** The first row that is shown: the selected one is on the page. */
  get firstRow(): number {
    const { pageRows, selectedIndex, shownRows } = this;
    const last = Math.max(0, shownRows.length - pageRows);
    const first = Math.min(Math.max(this.offset, selectedIndex - pageRows + 1), selectedIndex, last);
    this.offset = Math.max(0, first);
    return this.offset;
  }

  update(snapshot: TopSnapshot): void {
    this.snapshot = snapshot;
    this.arrange();
  }

  press(key: Key): TopRequest | undefined {
    switch (this.mode.kind) {
      case 'list':
        return this.pressInList(key);
      case 'filter':
        return this.pressInFilter(key);
      case 'confirm':
        return this.pressInConfirmation(key, this.mode);
      case 'help':
        this.mode = { kind: 'list' };
        return undefined;
    }
  }

  private pressInList(key: Key): TopRequest | undefined {
    if (this.move(key)) return undefined;
    if (Object.hasOwn(sortKeys, key)) return this.sort(sortKeys[key as keyof typeof sortKeys]);
    const { selection } = this;
    switch (key) {
      case 'q':
        return { kind: 'quit' };
      case '/':
        this.mode = { kind: 'filter' };
        return undefined;
      case 'escape':
        return this.filterBy('');
      case 'h':
      case '?':
        this.mode = { kind: 'help' };
        return undefined;
      case 't':
        this.trend = this.trend === 'cpu' ? 'memory' : 'cpu';
        return undefined;
      case 'a':
        this.showsAll = !this.showsAll;
        this.arrange();
        return undefined;
      case 'enter':
      case 'l':
        return selection && { kind: 'open-log', key: selection.key };
      case 's':
      case 'K':
        if (selection) this.mode = { kind: 'confirm', action: key === 's' ? 'stop' : 'kill', key: selection.key };
        return undefined;
      default:
        return undefined;
    }
  }

  private pressInFilter(key: Key): undefined {
    if (key === 'enter' || key === 'escape') {
      this.mode = { kind: 'list' };
      if (key === 'escape') this.filterBy('');
    } else if (key === 'backspace') {
      this.filterBy([...this.filter].slice(0, -1).join(''));
    } else if (key === 'ctrl-u') {
      this.filterBy('');
    } else if (key === 'up' || key === 'down') {
      this.move(key);
    } else if ([...key].length === 1 && this.filter.length < longestFilter) {
      this.filterBy(this.filter + key);
    }
    return undefined;
  }

  private pressInConfirmation(
    key: Key,
    { action, key: workload }: TopMode & { readonly kind: 'confirm' },
  ): TopRequest | undefined {
    this.mode = { kind: 'list' };
    return key === 'y' || key === 'Y' ? { kind: 'end', action, key: workload } : undefined;
  }

  /** The same key again turns the order around. */
  private sort(by: SortBy): undefined {
    this.isReversed = by === this.sortBy && !this.isReversed;
    this.sortBy = by;
    this.arrange();
    return undefined;
  }

  private filterBy(text: string): undefined {
    this.filter = text;
    this.arrange();
    return undefined;
  }

  /** False for a key that moves nothing. */
  private move(key: Key): boolean {
    const steps: Readonly<Record<Key, number>> = {
      up: -1,
      k: -1,
      down: 1,
      j: 1,
      'page-up': -this.pageRows,
      'page-down': this.pageRows,
      home: Number.NEGATIVE_INFINITY,
      g: Number.NEGATIVE_INFINITY,
      end: Number.POSITIVE_INFINITY,
      G: Number.POSITIVE_INFINITY,
    };
    const step = steps[key];
    if (step === undefined) return false;
    this.select(Math.min(Math.max(this.selectedIndex + step, 0), Math.max(0, this.shownRows.length - 1)));
    return true;
  }

  private select(index: number): void {
    this.selectedIndex = index;
    const row = this.shownRows[index];
    this.selected = row && textOfKey(row.key);
  }

  /** Whoever is selected stays so wherever it goes; when it is gone, whoever is in its place. */
  private arrange(): void {
    const wanted = this.snapshot.workloads.filter((workload) => this.isShown(workload));
    this.shownRows = sorted(wanted, this.sortBy, this.isReversed);
    const index = this.shownRows.findIndex(({ key }) => textOfKey(key) === this.selected);
    this.select(index >= 0 ? index : Math.max(0, Math.min(this.selectedIndex, this.shownRows.length - 1)));
  }

  private isShown({ key, wellness }: TopWorkload): boolean {
    const isOver = wellness === 'done' || wellness === 'disabled';
    if (isOver && !this.showsAll) return false;
    return shownKey(key).toLowerCase().includes(this.filter.toLowerCase());
  }
}
