/// <reference lib="dom" />
// The page: takes frames from the server (or the one picture of a report) and keeps the panels in step with them.
import { applyDifference, type Frame, type Picture } from '../picture.js';
import { drawCharts } from './charts.js';
import { drawLegends, drawTables, drawWords, element, palette, put } from './panels.js';
import { describePlace, drawStream, placeAt, type Place } from './stream.js';
/** Boxes grow so often while tasks run (ms); for those who ask for less motion, once a second. */
const GROW_MS = matchMedia('(prefers-reduced-motion: reduce)').matches ? 1000 : 100;
/** Charts and open tables follow so often (ms). */
const REST_MS = 1000;
/** Without a word for so long, the connection is taken for lost (ms). */
const SILENCE_MS = 25_000;
const RETRY_MS = 1000;

const canvas = element('boxes') as HTMLCanvasElement;
const state: { picture?: Picture; number: number; receivedAt: number; paused: boolean; chosen?: Place } = {
  number: NaN,
  receivedAt: 0,
  paused: false,
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
  if (picture.lesson.rows.length !== rows) drawLegends(picture.lesson.rows);
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
    drawTables({ ...picture, now: now(picture) });
  }
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
  drawLegends(state.picture?.lesson.rows ?? []);
  redraw();
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
