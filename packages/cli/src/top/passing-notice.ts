import type { TopNotice } from './top-view.js';

/** How long the outcome of something is shown. */
const shownMs = 5000;

/** What became of something, until the next thing, or for a while. */
export class PassingNotice implements Disposable {
  private notice: TopNotice | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** @param onChange there is something else to be shown */
  constructor(private readonly onChange: () => void) {}

  get current(): TopNotice | undefined {
    return this.notice;
  }

  /** Until it is cleared. */
  show(notice: TopNotice | undefined): void {
    clearTimeout(this.timer);
    this.notice = notice;
    this.onChange();
  }

  showForAWhile(notice: TopNotice): void {
    this.show(notice);
    this.timer = setTimeout(() => this.show(undefined), shownMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.timer);
  }
}
