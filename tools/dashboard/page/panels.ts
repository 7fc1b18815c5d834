/// <reference lib="dom" />
// Keeps the panels' words, bars, legends and tables. All text goes in as text, never as HTML: names come from elsewhere.
import type { LedgerRow, LedgerRowName } from '../../measure/ledger.js';
import type { Kind, Picture } from '../picture.js';
import { paint, type Ink } from './paint.js';
import {
  KIND_WORDS,
  ledgerTable,
  lessonNumbers,
  lessonWords,
  pointsTable,
  progressTable,
  progressWords,
  rateTable,
  rateWords,
  streamTable,
  streamWords,
  workersTable,
  workersWords,
  type Table,
} from './words.js';

/** An element of the page. */
export const element = (id: string): HTMLElement => document.getElementById(id)!;
const find = (selector: string): HTMLElement => document.querySelector<HTMLElement>(selector)!;

/** What the rows of the ledger are drawn with: as in the task stream, where they are seen there. */
const LEDGER_INK: { readonly [name in LedgerRowName]: Ink } = {
  'start-up': 'startup',
  dispatch: 'wait',
  compute: 'task',
  'cores slowed': 'slowed',
  transfer: 'transfer',
  imbalance: 'idle',
  tail: 'tail',
  lost: 'lost',
  unexplained: 'unexplained',
};

/** Writes the words and numbers of all panels, and draws their bars. */
export function drawWords(picture: Picture): void {
  const { lesson, progress } = picture;
  put(element('title'), picture.title);
  put(element('machine'), picture.machine);
  put(find('#stream .summary'), streamWords(picture));
  put(find('#progress .summary'), progressWords(picture));
  put(find('#rate .summary'), rateWords(picture));
  put(find('#workers .summary'), workersWords(picture));
  put(find('#lesson .summary'), lessonWords(lesson));
  element('boxes').setAttribute('aria-label', streamWords(picture));
  drawNumbers(lessonNumbers(lesson));
  drawBar(
    element('spent'),
    lesson.rows.map(({ name, share }) => [LEDGER_INK[name], Math.max(0, share)]),
  );
  drawBar(element('done'), [
    ['done', progress.finished],
    ['task', progress.running],
    ['failed', progress.failed],
    ['lost', progress.dropped],
    ['idle', progress.waiting],
  ]);
}

function drawNumbers(numbers: readonly (readonly [string, string])[]): void {
  const list = element('numbers');
  if (list.children.length !== numbers.length) {
    list.replaceChildren(...numbers.map(() => make('div', make('dt'), make('dd'))));
  }
  numbers.forEach(([name, value], i) => {
    put(list.children[i].children[0], name);
    put(list.children[i].children[1], value);
  });
}

/** A bar of parts, each in its colour and pattern. */
function drawBar(bar: HTMLElement, parts: readonly (readonly [Ink, number])[]): void {
  const total = parts.reduce((sum, [, value]) => sum + value, 0);
  if (bar.children.length !== parts.length) bar.replaceChildren(...parts.map(() => make('canvas')));
  parts.forEach(([kind, value], i) => {
    const part = bar.children[i] as HTMLCanvasElement;
    part.style.width = total > 0 ? `${(100 * value) / total}%` : '0';
    drawSwatch(part, kind, false, part.clientWidth, part.clientHeight);
  });
}

function drawSwatch(part: HTMLCanvasElement, kind: Ink, again: boolean, width: number, height: number): void {
  if (width < 1) return;
  Object.assign(part, { width, height });
  paint(part.getContext('2d')!, kind, again, [0, 0, width, height], palette);
}

/** Fills the tables that are open. */
export function drawTables(picture: Picture): void {
  const tables: readonly (readonly [string, (picture: Picture) => Table])[] = [
    ['#stream details', streamTable],
    ['#progress details', progressTable],
    ['#rate details', rateTable],
    ['#workers', workersTable],
    ['#lesson details', ledgerTable],
    ['#lesson details', pointsTable],
  ];
  tables.forEach(([place, tableOf], i) => {
    const holder = find(place);
    if (holder instanceof HTMLDetailsElement && !holder.open) return;
    const second = i === tables.length - 1 ? 1 : 0;
    fillTable(holder.querySelectorAll('table')[second], tableOf(picture));
  });
}

function fillTable(table: HTMLTableElement, { caption, head, rows }: Table): void {
  const [first = head] = rows;
  const heads = head.map((text, i) => cell('th', text, first[i]));
  for (const each of heads) each.setAttribute('scope', 'col');
  const parts = [
    make('thead', make('tr', ...heads)),
    make('tbody', ...rows.map((row) => make('tr', ...row.map((text) => cell('td', text))))),
  ];
  table.replaceChildren(...(caption ? [cell('caption', caption)] : []), ...parts);
}

/** A cell is set as `like` is: words to the left, numbers to the right. */
function cell(name: string, text: string, like = text): HTMLElement {
  const made = make(name);
  made.textContent = text;
  if (/[a-z]{3}/.test(like)) made.className = 'words';
  return made;
}

function make(name: string, ...children: HTMLElement[]): HTMLElement {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

/** Sets a text where it has changed. */
export function put(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** A colour of the page, as it is now. */
export function palette(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Draws the legends: anew when colours change, or the ledger has other rows. */
export function drawLegends(rows: readonly LedgerRow[]): void {
  const kinds = Object.entries(KIND_WORDS) as [Kind, string][];
  legend('#stream', [
    ...kinds.map(([kind, text]) => [kind, text, false] as const),
    ['task', 'dashed outline: run again', true],
  ]);
  legend(
    '#lesson',
    rows.map(({ name }) => [LEDGER_INK[name], name, false]),
  );
  legend('#progress', [
    ['done', 'done', false],
    ['task', 'running', false],
    ['failed', 'failed', false],
    ['lost', 'dropped', false],
    ['idle', 'waiting', false],
  ]);
}

function legend(panel: string, entries: readonly (readonly [Ink, string, boolean])[]): void {
  const items = entries.map(([kind, text, again]) => {
    const swatch = make('canvas') as HTMLCanvasElement;
    swatch.setAttribute('aria-hidden', 'true');
    drawSwatch(swatch, kind, again, 26, 14);
    const item = make('li', swatch);
    item.append(text);
    return item;
  });
  find(`${panel} .legend`).replaceChildren(...items);
}
