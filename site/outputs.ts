// The outputs of a cell, as Jupyter shows them: text, errors, HTML, pictures and charts.
import { drawCharts } from './charts.js';
import { group, make } from './dom.js';
import type { MimeBundle, Output, OutputMessage } from './kernel/protocol.js';
import { LongText } from './long-text.js';

/** How long changes are collected before they are drawn (ms): a cell may print a million lines. */
const DRAWN_AFTER_MS = 50;
/** Outputs of a cell that are shown. Text counts as one, however long it is. */
const MOST_OUTPUTS = 200;
const PLOTLY = 'application/vnd.plotly.v1+json';
/** The colours of a terminal, which a page does not show. */
// eslint-disable-next-line no-control-regex
const COLOURS = /\u001b\[[0-9;]*m/g;

interface Shown {
  output: Output;
  /** Of a stream: which one, and its text. */
  name?: 'stdout' | 'stderr';
  text?: LongText;
  readonly displayId?: string;
  element?: HTMLElement;
}

/** Keeps what a cell shows, and draws it into an element. */
export class Outputs {
  private shown: Shown[] = [];
  private clearsNext = false;
  private readonly changed = new Set<Shown>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly place: HTMLElement) {}

  receive(message: OutputMessage): void {
    if (message.type === 'clear') {
      if (message.wait) this.clearsNext = true;
      else this.clear();
    } else if (message.type === 'update') {
      for (const one of this.shown.filter(({ displayId }) => displayId === message.displayId)) {
        one.output = message.output;
        this.draw(one);
      }
    } else {
      if (this.clearsNext) this.clear();
      this.add(message.output, message.displayId);
    }
  }

  clear(): void {
    this.shown = [];
    this.clearsNext = false;
    this.changed.clear();
    this.place.replaceChildren();
  }

  /** The outputs for a notebook file. */
  toFile(): readonly Output[] {
    return this.shown.map(({ output, text }) =>
      text && output.output_type === 'stream' ? { ...output, text: String(text) } : output,
    );
  }

  /** What a screen reader says of them: the beginning of the text. */
  summary(): string {
    this.flush();
    const charts = this.place.querySelectorAll('[data-figure], img, svg').length;
    const text = (this.place.textContent ?? '').replace(/\s+/g, ' ').trim().slice(0, 300);
    return text || (charts ? 'a picture' : 'no output');
  }

  private add(output: Output, displayId: string | undefined): void {
    const last = this.shown.at(-1);
    if (output.output_type === 'stream' && last?.text && last.name === output.name) {
      last.text.add(output.text);
      this.draw(last);
    } else if (this.shown.length < MOST_OUTPUTS) this.keep(output, displayId);
    else if (this.shown.length === MOST_OUTPUTS) {
      const text = `The cell shows more than ${MOST_OUTPUTS} outputs. The others are left out.\n`;
      this.keep({ output_type: 'stream', name: 'stderr', text });
    }
  }

  private keep(output: Output, displayId?: string): void {
    const one: Shown = { output, displayId };
    if (output.output_type === 'stream') {
      one.name = output.name;
      one.text = new LongText();
      one.text.add(output.text);
    }
    this.shown.push(one);
    this.draw(one);
  }

  private draw(one: Shown): void {
    this.changed.add(one);
    this.timer ??= setTimeout(() => this.flush(), DRAWN_AFTER_MS);
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const one of this.changed) {
      if (!one.element) this.place.append((one.element = make('div')));
      drawOutput(one.element, one.text ? ({ ...one.output, text: String(one.text) } as Output) : one.output);
    }
    this.changed.clear();
  }
}

function drawOutput(place: HTMLElement, output: Output): void {
  if (output.output_type === 'stream') drawText(place, output.text, output.name);
  else if (output.output_type === 'error')
    drawText(place, output.traceback.join('\n') || `${output.ename}: ${output.evalue}`, 'error');
  else drawData(place, output.data);
}

function drawText(place: HTMLElement, text: string, kind: string): void {
  let block = place.querySelector('pre');
  if (!block || place.children.length > 1) {
    block = make('pre');
    block.tabIndex = 0;
    place.replaceChildren(block);
  }
  block.className = kind;
  block.textContent = text.replace(COLOURS, '').replace(/\n$/, '');
}

/** Shows the richest form that a page can show. */
function drawData(place: HTMLElement, data: MimeBundle): void {
  const picture = ['image/png', 'image/jpeg'].find((type) => data[type]);
  if (data[PLOTLY]) {
    const chart = make('div', { className: 'chart' });
    chart.dataset.figure = asText(data[PLOTLY]);
    place.replaceChildren(chart);
  } else if (data['text/html']) drawHtml(place, data['text/html']);
  else if (data['image/svg+xml']) drawHtml(place, data['image/svg+xml']);
  else if (picture) {
    const alt = data['text/plain'] ?? 'A picture that the cell drew';
    place.replaceChildren(
      Object.assign(new Image(), { src: `data:${picture};base64,${data[picture].trim()}`, alt }),
    );
  } else drawText(place, asText(data['text/plain'] ?? Object.values(data)[0] ?? ''), 'result');
  drawCharts(place);
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** HTML of the learner's own code. Its scripts run, as they do in Jupyter. */
function drawHtml(place: HTMLElement, html: string): void {
  place.innerHTML = html;
  const isChart = place.querySelector('[data-figure]') !== null;
  for (const table of place.querySelectorAll('table')) frameTable(table, isChart);
  for (const inert of place.querySelectorAll('script')) {
    const script = make('script');
    for (const { name, value } of inert.attributes) script.setAttribute(name, value);
    script.textContent = inert.textContent;
    inert.replaceWith(script);
  }
}

/** A wide table scrolls by itself. One that repeats a chart in numbers is folded. */
function frameTable(table: HTMLElement, folded: boolean): void {
  const frame = group(make('div', { className: 'wide', tabIndex: 0 }), 'Table');
  const fold = make('details', {}, make('summary', {}, 'The same in numbers'));
  table.replaceWith(folded ? fold : frame);
  if (folded) fold.append(frame);
  frame.append(table);
}
