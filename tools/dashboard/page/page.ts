/// <reference lib="dom" />
// The page: takes pictures from the server (or the one picture of a report) and keeps the panels in step with them.
import type { Picture } from '../picture.js';
import { drawTables, drawWords, find, prepare } from './panels.js';
import { drawCurves, drawStream, placeOf, put, type Place } from './stream.js';
import { describeBox } from './words.js';

/** Boxes grow so often while tasks run (ms); for readers who ask for less motion, once a second. */
const GROW_MS = matchMedia('(prefers-reduced-motion: reduce)').matches ? 1000 : 100;
/** Curves and open tables follow so often (ms). */
const REST_MS = 1000;
/** Without a word for so long, the connection counts as lost (ms). */
const SILENCE_MS = 25_000;
const RETRY_MS = 1000;

const boxes = find('#boxes');
const recorded = document.getElementById('recorded');
/** The picture on the page, and the last one that came: another one while the page is paused. */
let picture: Picture | undefined;
let latest: Picture | undefined;
let receivedAt = 0;
let isDrawn = true;
let isPaused = false;
let chosen: Place | undefined;

document.body.classList.toggle('present', new URLSearchParams(location.search).has('present'));

prepare();
setTheme(matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
listen();
if (recorded) {
  find('#pause').hidden = find('#report').hidden = true;
  show(JSON.parse(recorded.textContent) as Picture);
  say('recorded run', 'recorded');
} else connect();
setInterval(draw, GROW_MS);
setInterval(drawRest, REST_MS);

// ---- pictures

function connect(): void {
  const url = new URL('live', document.baseURI);
  url.protocol = url.protocol.replace('http', 'ws');
  url.search = '';
  const socket = new WebSocket(url);
  let silence = 0;
  const wait = () => {
    clearTimeout(silence);
    silence = window.setTimeout(() => socket.close(), SILENCE_MS);
  };
  wait();
  socket.onmessage = ({ data }) => {
    wait();
    show(JSON.parse(String(data)) as Picture);
    if (!isPaused) say('live', 'live');
  };
  socket.onclose = () => {
    clearTimeout(silence);
    say('connection lost, trying again', 'lost');
    setTimeout(connect, RETRY_MS);
  };
}

function show(next: Picture): void {
  latest = next;
  if (isPaused) return;
  picture = next;
  receivedAt = performance.now();
  isDrawn = false;
}

function say(text: string, kind: string): void {
  put(find('#state'), text);
  find('#state').dataset.state = kind;
}

// ---- drawing

function draw(): void {
  if (!picture || isPaused || (isDrawn && (picture.progress.running === 0 || recorded))) return;
  isDrawn = true;
  drawWords(picture);
  drawStream(boxes, picture, now(picture), chosen);
}

function drawRest(): void {
  if (!picture || isPaused) return;
  drawCurves(find('#curves'), picture);
  drawTables({ ...picture, now: now(picture) });
}

function redraw(): void {
  isDrawn = false;
  draw();
  drawRest();
}

/** The server's time now: boxes grow between pictures. */
function now({ now: then }: Picture): number {
  return then + (find('#state').dataset.state === 'live' ? performance.now() - receivedAt : 0);
}

// ---- what the reader does

function listen(): void {
  find('#pause').onclick = pause;
  find('#theme').onclick = ({ target }) => setTheme((target as Element).textContent.toLowerCase());
  boxes.onpointermove = ({ target }) => choose(placeOf(target as Element));
  boxes.onpointerleave = boxes.onblur = () => choose(undefined);
  boxes.onkeydown = (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step) return;
    event.preventDefault();
    move(step[0], step[1]);
  };
  for (const details of document.querySelectorAll('details')) details.ontoggle = redraw;
  window.onresize = redraw;
}

function pause(): void {
  isPaused = !isPaused;
  find('#pause').setAttribute('aria-pressed', String(isPaused));
  say(isPaused ? 'paused' : 'live', isPaused ? 'paused' : 'live');
  if (latest) show(latest);
}

function setTheme(theme: string): void {
  document.documentElement.style.colorScheme = theme;
  put(find('#theme'), theme === 'dark' ? 'Light' : 'Dark');
}

/** Goes to the next box of a row, or to the box of the next row with the same number. */
function move(rows: number, steps: number): void {
  if (!picture || picture.rows.length === 0) return;
  const row = Math.min(picture.rows.length - 1, Math.max(0, (chosen?.row ?? 0) + rows));
  const last = picture.rows[row].boxes.length - (picture.rows[row].running ? 0 : 1);
  choose({ row, box: Math.min(last, Math.max(0, (chosen?.box ?? last + 1) + steps)) });
}

/** Gives a box a frame, and says what it is. */
function choose(place: Place | undefined): void {
  chosen = place;
  const told = place && picture && describeBox(picture, place.row, place.box, now(picture));
  put(find('#box'), told || 'Point at a box, or choose one with the arrow keys.');
  isDrawn = false;
}
