// One code cell of the page: the buttons above it, its text, its editor once that is needed, and its outputs.
import { button, group, make } from './dom.js';
import type { Editor } from './editor.js';
import { Entry } from './entry.js';
import { Outputs } from './outputs.js';

export type CellState = 'not run' | 'waits' | 'runs' | 'done' | 'failed' | 'stopped';

/** What a cell asks of its notebook. */
export interface CellOwner {
  /** Resolves when the kernel has nothing to do for the first time: no editor delays the first result. */
  readonly calm: Promise<void>;
  onChange(cell: Cell): void;
  onRun(cell: Cell, goOn: boolean): void;
  onRunFrom(cell: Cell): void;
  onStop(): void;
  onReset(cell: Cell): void;
}

/** How far below the visible area editors are created in advance. */
const AHEAD = '600px';

export class Cell {
  readonly id: string;
  /** The lesson's text; empty for a cell that the learner added. */
  readonly original: string;
  /** It needs Node, so it shows what was recorded and cannot run here. */
  readonly needsNode: boolean;
  /** Its error belongs to the lesson, and the cells below run all the same. */
  readonly expectsError: boolean;
  readonly outputs: Outputs;
  state: CellState = 'not run';
  count = 0;
  text: string;
  private editor: Promise<Editor> | undefined;
  private readonly place = make('div', { className: 'code' });
  private readonly live = make('div', { className: 'output', hidden: true });
  private readonly recorded: HTMLElement | null;
  private readonly status = make('span', { className: 'status' });
  private readonly run: HTMLButtonElement;
  private readonly reset: HTMLButtonElement;
  private readonly entry = new Entry((text) => {
    void this.write(text);
    this.owner.onRun(this, false);
  });

  constructor(
    readonly element: HTMLElement,
    /** As a reader counts the code cells, from 1. */
    readonly number: number,
    private readonly owner: CellOwner,
  ) {
    const code = element.querySelector<HTMLElement>('pre');
    this.id = element.dataset.cell ?? '';
    this.text = this.original = code?.textContent ?? '';
    this.needsNode = element.dataset.needs === 'node';
    this.expectsError = element.dataset.expectsError !== undefined;
    this.recorded = element.querySelector('.output.recorded');
    this.outputs = new Outputs(this.live);
    this.run = button('Run', `Run cell ${number}`, () =>
      this.isActive ? owner.onStop() : owner.onRun(this, false),
    );
    this.reset = button('Reset', `Reset cell ${number} to the lesson's text`, () => owner.onReset(this));
    if (!this.needsNode) this.build(code);
  }

  get isActive(): boolean {
    return this.state === 'waits' || this.state === 'runs';
  }

  get isEdited(): boolean {
    return this.text !== this.original;
  }

  private build(code: HTMLElement | null): void {
    const { element, number, owner } = this;
    const from = button('Run from here', `Run from here: cell ${number} and all below`, () =>
      owner.onRunFrom(this),
    );
    const bar = make('div', { className: 'bar' }, this.run, this.status, from, this.reset);
    if (code) code.replaceWith(this.place);
    else element.append(this.place);
    if (code) this.place.append(code);
    element.prepend(bar);
    element.append(this.entry.element, this.live);
    group(element, `Cell ${number}`);
    code?.addEventListener('focus', () => void this.focus());
    code?.addEventListener('click', () => void this.focus());
    void owner.calm.then(() => openWhenNear(this.place, () => void this.open()));
    this.show();
  }

  /** Opens the editor, and puts the cursor there. */
  async focus(): Promise<void> {
    (await this.open()).focus();
  }

  /** Replaces the text. The editor can undo it. */
  async write(text: string): Promise<void> {
    if (text === this.text) return;
    this.change(text);
    if (this.editor) (await this.editor).write(text);
    else (this.place.querySelector('code') ?? this.place).textContent = text;
  }

  /** Puts back the lesson's text, and the recorded output. */
  async restore(): Promise<void> {
    await this.write(this.original);
    this.outputs.clear();
    this.live.hidden = true;
    if (this.recorded) this.recorded.hidden = false;
    this.count = 0;
    if (!this.isActive) this.become('not run');
  }

  /** Makes place for the outputs of a new run. */
  begin(): void {
    if (this.recorded) this.recorded.hidden = true;
    this.live.hidden = false;
    this.outputs.clear();
    this.become('runs');
  }

  become(state: CellState): void {
    this.state = state;
    this.show();
  }

  private open(): Promise<Editor> {
    this.editor ??= import('./editor.js').then(({ openEditor }) =>
      openEditor(this.place, {
        text: this.text,
        label: `Code of cell ${this.number}`,
        onChange: (text) => this.change(text),
        onRun: (goOn) => this.owner.onRun(this, goOn),
      }),
    );
    return this.editor;
  }

  private change(text: string): void {
    if (text === this.text) return;
    this.text = text;
    this.show();
    this.owner.onChange(this);
  }

  private show(): void {
    const { state, count, number } = this;
    this.status.textContent = state === 'not run' ? '' : state === 'done' ? `[${count}]` : state;
    this.element.dataset.state = state;
    this.run.textContent = this.isActive ? 'Stop' : 'Run';
    this.run.setAttribute('aria-label', this.isActive ? `Stop cell ${number}` : `Run cell ${number}`);
    this.reset.hidden = !this.isEdited;
    this.entry.follow(this.text);
  }
}

function openWhenNear(element: HTMLElement, open: () => void): void {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      open();
    },
    { rootMargin: AHEAD },
  );
  observer.observe(element);
}
