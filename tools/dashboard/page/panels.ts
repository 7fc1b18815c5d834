/// <reference lib="dom" />
// Keeps the panels' words, numbers, bars, legends and tables in step with the picture.
import type { Picture } from '../picture.js';
import { keep, put, setInk } from './stream.js';
import { CAUSES, PANELS, streamWords, type Table } from './words.js';

/** An element of the page. */
export const find = (selector: string): HTMLElement => document.querySelector<HTMLElement>(selector)!;

/** A part of a bar, and an entry of its legend: its colour and pattern, its name, and how much of it there is. */
type Part = readonly [ink: string, name: string, value: number];

/** Writes the words and numbers of all panels, and draws their bars. */
export function drawWords(picture: Picture): void {
  put(find('#title'), picture.title);
  put(find('#machine'), picture.machine);
  for (const [id, [wordsOf]] of Object.entries(PANELS)) put(find(`#${id} .summary`), wordsOf(picture));
  find('#boxes').setAttribute('aria-label', streamWords(picture));
  const { finished, running, failed, dropped, waiting } = picture.progress;
  drawBar(
    '#ledger',
    picture.ledger.rows.map(({ name, share }) => [name, name, Math.max(0, share)]),
  );
  drawBar('#progress', [
    ['done', 'done', finished],
    ['compute', 'running', running],
    ['failed', 'failed', failed],
    ['lost', 'dropped', dropped],
    ['imbalance', 'waiting', waiting],
  ]);
}

function drawBar(panel: string, parts: readonly Part[]): void {
  const total = parts.reduce((sum, [, , value]) => sum + value, 0);
  const drawn = keep(find(`${panel} .bar`), parts.length, () => make('i'));
  parts.forEach(([ink, , value], i) => {
    setInk(drawn[i], ink);
    drawn[i].style.width = total > 0 ? `${(100 * value) / total}%` : '0';
  });
  drawLegend(panel, parts);
}

/** Adds what never changes: the legend of the task stream, and a place for each table that may be opened. */
export function prepare(): void {
  const causes = Object.entries(CAUSES).map(([cause, meaning]): Part => [cause, meaning, 0]);
  const items = drawLegend('#stream', [...causes, ['compute', 'dashed outline: run again', 0]]);
  items[causes.length].children[0].className = 'again';
  for (const id of Object.keys(PANELS)) {
    if (find(`#${id} table`)) continue;
    const summary = make('summary');
    summary.textContent = `${find(`#${id} h2`).textContent} as a table`;
    find(`#${id}`).append(make('details', summary, make('table')));
  }
}

function drawLegend(panel: string, parts: readonly Part[]): HTMLElement[] {
  const items = keep(find(`${panel} .legend`), parts.length, () => make('li', make('i'), make('span')));
  parts.forEach(([ink, name], i) => {
    setInk(items[i].children[0] as HTMLElement, ink);
    put(items[i].children[1], name);
  });
  return items;
}

/** Fills the tables that are open. */
export function drawTables(picture: Picture): void {
  for (const [id, [, tableOf]] of Object.entries(PANELS)) {
    const holder = find(`#${id} table`);
    if (holder.closest('details')?.open !== false) fillTable(holder, tableOf(picture));
  }
}

function fillTable(table: HTMLElement, [head, ...rows]: Table): void {
  const [first = head] = rows;
  const heads = head.map((text, i) => cell('th', text, first[i]));
  for (const each of heads) each.setAttribute('scope', 'col');
  const lines = rows.map((row) => make('tr', ...row.map((text) => cell('td', text))));
  table.replaceChildren(make('thead', make('tr', ...heads)), make('tbody', ...lines));
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
