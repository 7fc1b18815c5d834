// A live notebook: its cells, the bar that runs them, and what the learner wrote, kept in this browser.
import { Bar } from './bar.js';
import { Cell, type CellOwner } from './cell.js';
import { fetchPlotly } from './charts.js';
import { button, make } from './dom.js';
import { findFeatures } from './features.js';
import { FileError, fileOf, openFile, type NotebookFile } from './file.js';
import { Kernel, type KernelState } from './kernel/kernel.js';
import { RoomPlace } from './room.js';
import { Shelf } from './shelf.js';

/** How long after the last key an edit is kept (ms). */
const KEPT_AFTER_MS = 300;

/** Where a notebook is. */
export interface Place {
  /** The relative path to the site's root. */
  readonly root: string;
  /** As in '03-pool'. */
  readonly name: string;
}

/** Makes the cells of a page live, or says why they cannot be. */
export function openNotebook(content: HTMLElement, place: Place): void {
  const { live, missing } = findFeatures();
  const facts = content.querySelector('.facts');
  for (const text of missing) facts?.after(make('p', { className: 'notice' }, text));
  if (live) new Notebook(content, place);
}

class Notebook implements CellOwner {
  private becomeCalm = (): void => {};
  readonly calm = new Promise<void>((resolve) => (this.becomeCalm = resolve));
  private readonly cells: Cell[] = [];
  private readonly bar: Bar;
  private readonly kernel: Kernel;
  private readonly shelf: Shelf;
  private readonly waiting: Cell[] = [];
  private readonly unsaved = new Set<Cell>();
  private running: Cell | undefined;
  /** The reader has stopped the cell that runs. */
  private stopped = false;
  private saving: ReturnType<typeof setTimeout> | undefined;
  private file: Promise<NotebookFile> | undefined;
  private readonly adder = button('Add a cell', 'Add a cell of your own at the end', () => {
    void this.addCell(this.freeId()).focus();
  });

  constructor(
    private readonly content: HTMLElement,
    private readonly place: Place,
  ) {
    this.shelf = new Shelf(new URL(place.root, location.href).pathname + place.name);
    this.bar = new Bar({
      runAll: () => this.runCells(this.cells),
      interrupt: () => this.onStop(),
      restart: () => this.restart(),
      download: () => void this.download(),
      open: (file) => void this.open(file),
      reset: () => this.resetAll(),
    });
    content.querySelector('.facts')?.after(this.bar.element);
    for (const element of content.querySelectorAll<HTMLElement>('.cell'))
      this.cells.push(new Cell(element, this.cells.length + 1, this));
    this.adder.className = 'add';
    const end = content.querySelector('nav.next');
    if (end) end.before(this.adder);
    else content.append(this.adder);
    this.takeFromShelf();
    const room = new RoomPlace(place.name, (text) => this.bar.notice(text));
    this.bar.element.after(room.element);
    this.kernel = new Kernel({
      onState: (state, why) => this.onKernel(state, why),
      onRoom: (request) => room.take(request),
    });
    addEventListener('pagehide', () => {
      this.save();
      this.shelf.mark();
    });
    document.addEventListener('visibilitychange', () => this.save());
    void this.calm.then(() => this.fetchAhead()).catch(() => {}); // what failed is fetched when it is needed
  }

  onChange(cell: Cell): void {
    this.unsaved.add(cell);
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.save(), KEPT_AFTER_MS);
  }

  onRun(cell: Cell, goOn: boolean): void {
    this.runCells([cell]);
    if (goOn) void (this.after(cell) ?? this.addCell(this.freeId())).focus();
  }

  onRunFrom(cell: Cell): void {
    this.runCells(this.cells.slice(this.cells.indexOf(cell)));
  }

  onStop(): void {
    this.stopped = true;
    this.dropWaiting();
    this.kernel.interrupt();
  }

  onReset(cell: Cell): void {
    void cell.restore();
  }

  private after(cell: Cell): Cell | undefined {
    return this.cells.slice(this.cells.indexOf(cell) + 1).find(({ needsNode }) => !needsNode);
  }

  /** Runs cells one after the other. A cell that fails drops those that wait, as in Jupyter. */
  private runCells(cells: readonly Cell[]): void {
    for (const cell of cells) {
      if (cell.needsNode || cell.isActive) continue;
      cell.become('waits');
      this.waiting.push(cell);
    }
    if (!this.running) void this.runWaiting();
  }

  private async runWaiting(): Promise<void> {
    for (let cell = this.waiting.shift(); cell; cell = this.waiting.shift()) {
      this.running = cell;
      this.stopped = false;
      this.bar.say(`Cell ${cell.number} runs`, this.waiting.length);
      this.save();
      this.shelf.mark(cell.number);
      cell.begin();
      const ended = await this.kernel.run(cell.id, cell.text, (message) => cell.outputs.receive(message));
      this.running = undefined;
      this.shelf.mark();
      cell.count = ended.count;
      cell.become(ended.ok ? 'done' : this.stopped ? 'stopped' : 'failed');
      const dropped = !ended.ok && !cell.expectsError ? this.dropWaiting() : 0;
      const rest = dropped ? ` ${dropped} cells below were not run.` : '';
      this.bar.announce(`Cell ${cell.number} ${cell.state}: ${cell.outputs.summary()}.${rest}`);
      this.bar.say(ended.ok ? 'Ready' : `Cell ${cell.number} ${cell.state}.${rest}`);
    }
  }

  private dropWaiting(): number {
    for (const cell of this.waiting) cell.become('not run');
    return this.waiting.splice(0).length;
  }

  private restart(): void {
    this.stopped = true;
    this.dropWaiting();
    this.kernel.restart();
  }

  private onKernel(state: KernelState, why = ''): void {
    this.bar.showBusy(state === 'busy');
    if (state === 'idle') whenIdle(this.becomeCalm);
    if (state !== 'lost') return;
    const last = this.running ?? this.cells.findLast(({ count }) => count > 0);
    for (const cell of this.cells) {
      cell.count = 0;
      if (cell !== this.running && !cell.isActive) cell.become('not run');
    }
    const above = last
      ? this.cells.slice(0, this.cells.indexOf(last)).filter(({ needsNode }) => !needsNode)
      : [];
    this.bar.notice(why, above.length ? { 'Run the cells above again': () => this.runCells(above) } : {});
  }

  // What the learner wrote

  private takeFromShelf(): void {
    if (!this.shelf.works)
      this.bar.notice('This browser keeps nothing here: download the notebook before you close this tab.');
    const ended = this.shelf.marked();
    if (ended)
      this.bar.notice(
        `This page ended while cell ${ended} ran: it probably took all memory. Your text is kept.`,
      );
    for (const id of this.shelf.cells()) {
      const kept = this.shelf.get(id);
      if (!kept) continue;
      const cell = this.cells.find((one) => one.id === id) ?? this.addCell(id);
      void cell.write(kept.text);
      if (cell.original !== kept.original && cell.original !== '')
        this.bar.notice(
          `The lesson has changed cell ${cell.number} since you edited it. Your text is there; Reset shows the new one.`,
        );
    }
    this.unsaved.clear();
  }

  private save(): void {
    clearTimeout(this.saving);
    for (const cell of this.unsaved) {
      if (!cell.isEdited) this.shelf.delete(cell.id);
      else if (!this.shelf.set(cell.id, { text: cell.text, original: cell.original }))
        this.bar.notice('This browser cannot keep your edits: its space is used up. Download the notebook.');
    }
    this.unsaved.clear();
  }

  private resetAll(): void {
    const edited = this.cells.filter(({ isEdited }) => isEdited);
    if (edited.length && !confirm(`Put back the lesson's text in ${edited.length} cells, and discard yours?`))
      return;
    for (const cell of this.cells) {
      void cell.restore();
      if (cell.original === '') this.shelf.delete(cell.id);
    }
    this.save();
  }

  private addCell(id: string): Cell {
    const element = make('div', { className: 'cell own', id: `cell-${id}` });
    element.dataset.cell = id;
    this.adder.before(element);
    const cell = new Cell(element, this.cells.length + 1, this);
    this.cells.push(cell);
    return cell;
  }

  private freeId(): string {
    let number = 1;
    while (this.cells.some(({ id }) => id === `own-${number}`)) number++;
    return `own-${number}`;
  }

  // Files

  private readFile(): Promise<NotebookFile> {
    const name = this.place.name;
    this.file ??= fetch(`${name}.ipynb`).then((response) => response.json() as Promise<NotebookFile>);
    this.file.catch(() => (this.file = undefined));
    return this.file;
  }

  private async download(): Promise<void> {
    try {
      const cells = this.cells.flatMap(({ needsNode, outputs, id, text, count }) =>
        needsNode ? [] : [{ id, text, count, outputs: outputs.toFile() }],
      );
      const file = fileOf(await this.readFile(), this.place.name, cells);
      const blob = new Blob([JSON.stringify(file, null, 1)], { type: 'application/x-ipynb+json' });
      const link = make('a', { href: URL.createObjectURL(blob), download: `${this.place.name}.ipynb` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    } catch {
      this.bar.notice('The notebook file cannot be made: the page was never loaded fully. Load it again.');
    }
  }

  private async open(file: File): Promise<void> {
    try {
      const { texts, notes } = openFile(await file.text(), await this.readFile(), this.place.name);
      const changes = [...texts].filter(([id, text]) => this.find(id)?.text !== text);
      const lost = changes.filter(([id]) => this.find(id)?.isEdited).length;
      if (lost && !confirm(`The file replaces what you wrote in ${lost} cells. Go on?`)) return;
      const before = this.cells.length;
      for (const [id, text] of changes) await (this.find(id) ?? this.addCell(id)).write(text);
      this.save();
      this.bar.notice(openedMessage(file.name, changes.length, this.cells.length - before, notes));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.bar.notice(`${error.message} Nothing has changed.`);
    }
  }

  private find(id: string): Cell | undefined {
    return this.cells.find((cell) => cell.id === id);
  }

  /** Fetches later needs in advance, one after the other, so that they work offline. */
  private async fetchAhead(): Promise<void> {
    await Promise.all([import('./editor.js'), this.readFile()]);
    await Promise.all([this.kernel.loadChecker(), fetchPlotly()]);
    const names = (await (await fetch(`${this.place.root}assets.json`)).json()) as string[];
    for (const name of names) await (await fetch(`${this.place.root}assets/${name}`)).arrayBuffer();
    this.content.dataset.complete = ''; // from here on the page needs no network
  }
}

function openedMessage(file: string, changed: number, added: number, notes: number): string {
  const parts = [`Opened ${file}: ${changed} cells differ from what was here.`];
  if (added) parts.push(`${added} of them are not in this version of the notebook. They are at the end.`);
  if (notes) parts.push(`${notes} text cells of the file differ too; a page shows the lesson's.`);
  return parts.join(' ');
}

function whenIdle(work: () => void): void {
  if ('requestIdleCallback' in window) requestIdleCallback(work, { timeout: 3000 });
  else setTimeout(work, 1000); // Safari
}
