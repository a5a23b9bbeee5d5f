import { constants } from 'node:os';
import type { AuraeClient } from '@aurae/client';
import { exitCodeOfSignal } from '../exit-codes.js';
import { InterruptedError } from '../failures.js';
import { DaemonComeback } from '../following/daemon-comeback.js';
import { paintFor } from '../output/terminal-style.js';
import { shownKey } from '../schedule/workload-key.js';
import type { Key } from '../terminal/key-decoder.js';
import { Keyboard } from '../terminal/keyboard.js';
import { Screen } from '../terminal/screen.js';
import { suspend } from '../terminal/suspend.js';
import { endWorkload } from './end-workload.js';
import { OpenLog } from './open-log.js';
import { PassingNotice } from './passing-notice.js';
import { TopModel, type TopRequest } from './top-model.js';
import type { TopSource } from './top-source.js';
import { TopUpdates } from './top-updates.js';
import { type TopNotice, topView } from './top-view.js';

export interface TopSessionOptions {
  readonly client: AuraeClient;
  /** It has had its first sample. */
  readonly source: TopSource;
  readonly intervalMs: number;
  readonly nodeName: string;
  /** Ends the session: it fails with its reason. */
  readonly signal: AbortSignal;
}

/** The live view: takes keys and samples, and shows what comes of them, until somebody quits. */
export class TopSession {
  private readonly model: TopModel;
  private readonly comeback: DaemonComeback;
  private readonly over = new AbortController();
  private readonly signal: AbortSignal;
  private readonly paint = paintFor(process.stdout);
  private readonly passing = new PassingNotice(() => this.draw());
  private screen: Screen | undefined;
  private keyboard: Keyboard | undefined;
  private log: OpenLog | undefined;
  private isGone = false;
  private drawing: NodeJS.Immediate | undefined;
  private isSuspended = false;

  constructor(private readonly options: TopSessionOptions) {
    const { client, source, signal } = options;
    this.model = new TopModel(source.at(Date.now()));
    this.signal = AbortSignal.any([signal, this.over.signal]);
    const setGone = (isGone: boolean) => () => {
      this.isGone = isGone;
      this.draw();
    };
    const listener = { onGone: setGone(true), onBack: setGone(false), onNote: () => {} };
    this.comeback = new DaemonComeback(client, listener, this.signal);
  }

  /** Resolves once somebody has quit. The terminal is as it was then, as it is however else this ends. */
  async run(): Promise<void> {
    // The screen first: when a signal ends the process, it has to go before the mode of the terminal.
    using screen = new Screen();
    using keyboard = new Keyboard((key) => this.press(key));
    this.screen = screen;
    this.keyboard = keyboard;
    const stopResizing = screen.onResize(() => this.draw());
    process.on('SIGCONT', this.comeBack);
    this.draw();
    try {
      await this.updates().run();
    } catch (error) {
      if (error !== quit) throw error;
    } finally {
      this.over.abort(quit);
      stopResizing();
      process.off('SIGCONT', this.comeBack);
      clearImmediate(this.drawing);
      this.passing[Symbol.dispose]();
    }
  }

  private updates(): TopUpdates {
    const { comeback, signal } = this;
    const onSample = () => {
      this.model.update(this.options.source.at(Date.now()));
      this.draw();
    };
    return new TopUpdates({ ...this.options, comeback, signal, onSample });
  }

  private press(key: Key): void {
    if (key === 'ctrl-c') {
      this.over.abort(new InterruptedError(exitCodeOfSignal(constants.signals.SIGINT)));
    } else if (key === 'ctrl-z') {
      void this.suspend();
    } else if (key === 'ctrl-l') {
      this.screen?.redraw();
    } else if (this.log) {
      if (!this.log.pane.press(key) && (key === 'q' || key === 'escape')) this.closeLog();
    } else {
      this.passing.show(undefined);
      this.obey(this.model.press(key));
    }
    this.draw();
  }

  private obey(request: TopRequest | undefined): void {
    switch (request?.kind) {
      case 'quit':
        this.over.abort(quit);
        break;
      case 'open-log':
        this.log = new OpenLog(request.key, () => this.draw());
        void this.log.follow(this.options.client, this.comeback, this.signal);
        break;
      case 'end':
        void this.end(request);
        break;
      case undefined:
        break;
    }
  }

  private async end({ action, key }: TopRequest & { readonly kind: 'end' }): Promise<void> {
    const { client, source } = this.options;
    this.passing.show({ text: `${action === 'stop' ? 'Stopping' : 'Killing'} ${shownKey(key)} …`, style: 'yellow' });
    try {
      const text = await endWorkload(client, action, key, this.signal);
      source.listsHaveChanged();
      this.passing.showForAWhile({ text, style: 'green' });
    } catch (error) {
      if (this.signal.aborted) return;
      this.passing.showForAWhile({ text: error instanceof Error ? error.message : String(error), style: 'red' });
    }
  }

  private closeLog(): void {
    this.log?.[Symbol.dispose]();
    this.log = undefined;
  }

  private async suspend(): Promise<void> {
    if (this.isSuspended) return;
    this.isSuspended = true;
    this.screen?.leave();
    this.keyboard?.pause();
    await suspend();
    this.isSuspended = false;
    if (this.signal.aborted) return;
    this.keyboard?.resume();
    this.comeBack();
  }

  /** Somebody else had the terminal meanwhile. */
  private readonly comeBack = (): void => {
    if (this.isSuspended) return;
    this.screen?.leave();
    this.screen?.enter();
    this.draw();
  };

  /** Once for all that happens in one turn. */
  private draw(): void {
    if (this.drawing || this.over.signal.aborted) return;
    this.drawing = setImmediate(() => {
      this.drawing = undefined;
      this.screen?.draw(this.view());
    });
  }

  private view(): string[] {
    const { screen, paint, log } = this;
    const size = screen?.size ?? { rows: 0, columns: 0 };
    const gone: TopNotice | undefined = this.isGone
      ? { text: 'auraed is gone, waiting for it; q quits', style: 'red' }
      : undefined;
    if (log) return log.pane.view(size, paint, gone?.text);
    const { nodeName } = this.options;
    return topView(this.model, { size, paint, nowMs: Date.now(), nodeName, notice: gone ?? this.passing.current });
  }
}

/** The reason for the end that was wanted. */
const quit = new Error('Somebody quit');
