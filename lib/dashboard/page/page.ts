/// <reference lib="dom" />
// The page: takes frames from the server (or the one picture of a report) and keeps the panels in step with them.
// All text goes in as text, never as HTML: names come from elsewhere.
import type { LedgerRowName } from '../../measure/ledger.js';
import { applyDifference, type Frame, type Kind, type Picture } from '../picture.js';
import { drawCharts } from './charts.js';
import { paint, type Ink } from './paint.js';
import { describePlace, drawStream, placeAt, type Place } from './stream.js';
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

/** Boxes grow so often while tasks run (ms); for those who ask for less motion, once a second. */
const GROW_MS = matchMedia('(prefers-reduced-motion: reduce)').matches ? 1000 : 100;
/** Charts and open tables follow so often (ms). */
const REST_MS = 1000;
/** Without a word for so long, the connection is taken for lost (ms). */
const SILENCE_MS = 25_000;
const RETRY_MS = 1000;

const element = (id: string): HTMLElement => document.getElementById(id)!;
const canvas = element('boxes') as HTMLCanvasElement;
const find = (selector: string): HTMLElement => document.querySelector<HTMLElement>(selector)!;
const state: { picture?: Picture; number: number; receivedAt: number; paused: boolean; chosen?: Place } = {
  number: NaN,
  receivedAt: 0,
  paused: false,
};
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
/** What has to be drawn again, and when it was drawn last. */
const due = { stream: true, rest: true };
const drawn = { stream: -Infinity, rest: -Infinity };

if (new URLSearchParams(location.search).has('present')) document.body.classList.add('present');
setTheme(matchMedia('(prefers-color-scheme: dark)').matches);
listen();
const recorded = document.getElementById('recorded');
if (recorded) {
  element('pause').hidden = element('report').hidden = true;
  show(JSON.parse(recorded.textContent) as Picture);
  say(`recorded run`, 'recorded');
} else connect();
requestAnimationFrame(draw);

// ---- frames

function connect(): void {
  const url = new URL('live', location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  url.search = Number.isNaN(state.number) ? '' : `after=${state.number}`;
  const socket = new WebSocket(url);
  let silence = 0;
  const listenOn = () => {
    clearTimeout(silence);
    silence = window.setTimeout(() => socket.close(), SILENCE_MS);
  };
  listenOn();
  socket.onmessage = ({ data }) => {
    listenOn();
    const frame = JSON.parse(String(data)) as Frame;
    if ('picture' in frame) show(frame.picture);
    else if (state.picture) show(applyDifference(state.picture, frame.difference));
    state.number = frame.number;
    if (!state.paused) say('live', 'live');
  };
  socket.onclose = () => {
    clearTimeout(silence);
    say('connection lost, trying again', 'lost');
    setTimeout(connect, RETRY_MS);
  };
}

function show(picture: Picture): void {
  const rows = state.picture?.lesson.rows.length ?? 0;
  state.picture = picture;
  if (picture.lesson.rows.length !== rows) drawLegends();
  state.receivedAt = performance.now();
  due.stream = due.rest = true;
}

function say(text: string, kind: string): void {
  const line = element('state');
  if (line.textContent !== text) line.textContent = text;
  line.dataset.state = kind;
}

/** The server's time now: boxes grow between frames. */
function now(picture: Picture): number {
  const live = !recorded && element('state').dataset.state === 'live';
  return picture.now + (live ? performance.now() - state.receivedAt : 0);
}

// ---- drawing

function draw(time: number): void {
  requestAnimationFrame(draw);
  const { picture } = state;
  if (!picture || state.paused) return;
  if (picture.progress.running > 0 && !recorded) due.stream = true;
  if (due.stream && time - drawn.stream >= GROW_MS) {
    due.stream = false;
    drawn.stream = time;
    drawWords(picture);
    drawStream(canvas, picture, now(picture), state.chosen, palette);
  } else if (due.rest && time - drawn.rest >= REST_MS && (recorded || window.Plotly || time > REST_MS)) {
    // In a frame of its own, so that no frame has to do it all.
    due.rest = !window.Plotly;
    drawn.rest = time;
    drawCharts(element('queue'), element('speedup'), picture, palette);
    drawTables(picture);
  }
}

function drawWords(picture: Picture): void {
  const { lesson, progress } = picture;
  put(element('title'), picture.title);
  put(element('machine'), picture.machine);
  put(find('#stream .summary'), streamWords(picture));
  put(find('#progress .summary'), progressWords(picture));
  put(find('#rate .summary'), rateWords(picture));
  put(find('#workers .summary'), workersWords(picture));
  put(find('#lesson .summary'), lessonWords(lesson));
  canvas.setAttribute('aria-label', streamWords(picture));
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

function drawTables(picture: Picture): void {
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
    fillTable(holder.querySelectorAll('table')[second], tableOf({ ...picture, now: now(picture) }));
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

function put(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

function palette(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

// ---- what the reader does

function listen(): void {
  element('pause').onclick = () => {
    state.paused = !state.paused;
    element('pause').setAttribute('aria-pressed', String(state.paused));
    say(state.paused ? 'paused' : 'live', state.paused ? 'paused' : 'live');
    due.stream = due.rest = true;
  };
  element('theme').onclick = () => setTheme(document.documentElement.dataset.theme !== 'dark');
  canvas.onpointermove = ({ offsetX, offsetY, clientX, clientY }) => {
    const { picture } = state;
    if (picture) point(placeAt(canvas, picture, now(picture), offsetX, offsetY), clientX, clientY);
  };
  canvas.onpointerleave = () => point(undefined, 0, 0);
  canvas.onkeydown = (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step) return;
    event.preventDefault();
    move(step[0], step[1]);
  };
  canvas.onblur = () => choose(undefined);
  for (const details of document.querySelectorAll('details')) details.ontoggle = () => redraw();
  window.addEventListener('resize', redraw);
}

function redraw(): void {
  due.stream = due.rest = true;
  drawn.rest = -Infinity;
}

function setTheme(dark: boolean): void {
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  put(element('theme'), dark ? 'Light' : 'Dark');
  drawLegends();
  redraw();
}

function drawLegends(): void {
  const kinds = Object.entries(KIND_WORDS) as [Kind, string][];
  legend('#stream', [
    ...kinds.map(([kind, text]) => [kind, text, false] as const),
    ['task', 'dashed outline: run again', true],
  ]);
  const rows = state.picture?.lesson.rows ?? [];
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

function point(place: Place | undefined, x: number, y: number): void {
  const tip = element('tip');
  const { picture } = state;
  tip.hidden = !place;
  if (!place || !picture) return;
  tip.textContent = describePlace(picture, place, now(picture));
  tip.style.left = `${Math.min(x + 12, window.innerWidth - tip.offsetWidth - 8)}px`;
  tip.style.top = `${y + 16}px`;
}

/** Goes to the next box of a row, or to the box of the next row at about the same time. */
function move(rows: number, boxes: number): void {
  const { picture, chosen } = state;
  if (!picture || picture.rows.length === 0) return;
  const row = Math.min(picture.rows.length - 1, Math.max(0, (chosen?.row ?? 0) + rows));
  const last = picture.rows[row].boxes.length - (picture.rows[row].running ? 0 : 1);
  choose({ row, box: Math.min(last, Math.max(0, (chosen?.box ?? last + 1) + boxes)) });
}

function choose(place: Place | undefined): void {
  state.chosen = place;
  const { picture } = state;
  put(
    element('box'),
    place && picture
      ? describePlace(picture, place, now(picture))
      : 'Point at a box, or choose one with the arrow keys.',
  );
  due.stream = true;
}
