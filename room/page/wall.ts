/// <reference lib="dom" />
// The wall: the room's estimate as it grows, a box for each device, and what happened. Made to be read from the back row.
import { encode } from 'uqr';
import type { Count, GuestPicture, RoomPicture } from '../picture.js';
import { drawShown } from './shown.js';
import { Listener, find, make, put } from './dom.js';
import { STATES, counted, digitsOf, duration, exact, large, percent } from './words.js';

/** Boxes change places so often, the fastest device first (ms). */
const SORT_MS = 3000;
const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
const boxes = new Map<number, HTMLLIElement>();
let order: readonly number[] = [];
let sortedAt = 0;
let shownAddress = '';

new Listener(
  `/wall.live${location.search}`,
  (data) => draw(data as RoomPicture),
  (isUp) =>
    document.body.classList.toggle('away', !isUp) &&
    !isUp &&
    put('state', 'Connection lost. Trying again ...'),
);

function draw(picture: RoomPicture): void {
  put('title', picture.title);
  put('state', stateOf(picture));
  drawEstimate(picture);
  drawTrust(picture);
  drawJoin(picture.address, picture.reached);
  drawBoxes(picture.guests, picture.here);
  drawNews(picture);
  document.body.classList.toggle('asking', picture.answers.what !== 'room');
  drawShown(find('shown'), picture.answers);
}

function stateOf({ room, here, trust }: RoomPicture): string {
  if (room.done) return `Done in ${duration(room.seconds)}`;
  if (room.seconds === 0) return 'Waiting for the first device';
  if (here === 0) return 'Nobody is here now';
  return trust.waiting > 0 && trust.results > 0 && room.samples === 0 ? 'Checking' : duration(room.seconds);
}

function drawEstimate({ room, total, rate, seed }: RoomPicture): void {
  const { pi, error } = room;
  const digits = pi === undefined || error === undefined ? undefined : digitsOf(pi, error);
  put('reliable', digits?.reliable ?? '');
  put('rest', digits?.rest ?? '?');
  const reliable = digits ? Math.max(0, digits.reliable.length - 1) : 0;
  const of = reliable === 1 ? 'digit is' : 'digits are';
  put(
    'error',
    error === undefined ? 'No points yet' : `± ${error.toExponential(1)}: ${reliable} ${of} reliable`,
  );
  find<HTMLProgressElement>('progress').value = room.samples / total;
  put('samples', `${large(room.samples)} of ${large(total)} (${percent(room.samples / total)})`);
  put('inside', `${exact(room.inside ?? 0)} (seed ${seed})`);
  put('rate', `${large(room.done ? room.samples / room.seconds : rate)} a second`);
}

/** The room's integer beside the laptop's own, and how far they may be believed. */
function drawTrust({ room, laptop, total, trust }: RoomPicture): void {
  put('laptop', laptopText(laptop, total));
  put('verdict', verdictOf(room, laptop));
  find('verdict').dataset.same = room.done && laptop.done ? String(room.inside === laptop.inside) : '';
  const all = trust.share === 1;
  const waiting = trust.waiting > 0 ? `, ${trust.waiting} under way` : '';
  const [, ten, hundred] = trust.chances;
  const chance = all
    ? 'no false result can get through'
    : `chance of catching 10 lies: ${percent(ten)}, 100 lies: ${percent(hundred)}`;
  put('checked', `${exact(trust.proven)} of ${exact(trust.results)} results${waiting}; ${chance}`);
}

function laptopText({ samples, inside, seconds, done }: Count, total: number): string {
  if (seconds === 0) return 'starts with the room';
  if (done) return `${exact(inside!)} in ${duration(seconds)}`;
  return `${percent(samples / total)} after ${duration(seconds)}`;
}

function verdictOf(room: Count, laptop: Count): string {
  if (!room.done) return '';
  if (!laptop.done)
    return `The room has counted ${exact(room.inside!)}. This laptop is still counting alone.`;
  const faster = laptop.seconds / room.seconds;
  const speed = faster > 1 ? `, ${Number(faster.toPrecision(2))} times faster` : '';
  return room.inside === laptop.inside
    ? `✔ The room and this laptop have counted the same integer${speed}.`
    : `✖ The room's integer is not this laptop's: a false result got through.`;
}

function drawJoin(address: string, reached: number): void {
  const nobody = 'No other machine has reached this address yet.';
  put('reach', reached === 0 ? nobody : `Reached by ${counted(reached, 'other machine')}.`);
  if (address === shownAddress) return;
  shownAddress = address;
  const [url, code = ''] = address.split('#');
  put('address', url.replace(/^http:\/\/|\/$/g, ''));
  put('code', code);
  find('qr').replaceChildren(qrOf(address));
}

function qrOf(text: string): SVGElement {
  const { data, size } = encode(text, { border: 2 });
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', `0 0 ${size} ${size}`);
  const path = document.createElementNS(svg.namespaceURI, 'path');
  const squares = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])));
  path.setAttribute('d', squares.join(''));
  svg.append(path);
  return svg;
}

// ---- devices

function drawBoxes(guests: readonly GuestPicture[], here: number): void {
  put('devices', `${counted(here, 'device')} here`);
  const most = Math.max(...guests.map(({ samples }) => samples), 1);
  const list = find('boxes');
  list.classList.toggle('many', guests.length > 24);
  for (const guest of guests) drawBox(guest, most);
  const known = new Set(guests.map(({ id }) => id));
  for (const [id, box] of boxes) {
    if (known.has(id)) continue;
    box.remove();
    boxes.delete(id);
  }
  if (order.length === guests.length && Date.now() - sortedAt < SORT_MS) return;
  sortedAt = Date.now();
  order = guests
    .toSorted((a, b) => Number(isGone(a)) - Number(isGone(b)) || b.samples - a.samples)
    .map(({ id }) => id);
  move(
    list,
    order.map((id) => boxes.get(id)!),
  );
}

const isGone = ({ state }: GuestPicture) => state === 'left' || state === 'lied' || state === 'slow';

function drawBox({ id, name, state, rate, samples, lentAgain }: GuestPicture, most: number): void {
  const box = boxes.get(id) ?? newBox(id);
  const { sign, word } = STATES[state];
  box.dataset.state = state;
  const lent = lentAgain > 0 ? `, ${lentAgain} lent` : '';
  const fields = [name, state === 'computing' ? `${sign} ${large(rate)}/s` : `${sign} ${word}${lent}`];
  for (const [i, text] of fields.entries()) {
    const part = box.children[i];
    if (part.textContent !== text) part.textContent = text;
  }
  box.querySelector('progress')!.value = samples / most;
}

function newBox(id: number): HTMLLIElement {
  const bar = make('progress', { ariaLabel: 'share of the most' });
  const box = make('li', {}, make('b'), make('span'), bar);
  boxes.set(id, box);
  find('boxes').append(box);
  return box;
}

/** Puts the boxes in order; each glides from where it was. */
function move(list: HTMLElement, sorted: readonly HTMLElement[]): void {
  const before = sorted.map((box) => box.getBoundingClientRect());
  list.append(...sorted);
  if (isStill) return;
  for (const [i, box] of sorted.entries()) {
    const after = box.getBoundingClientRect();
    const [x, y] = [before[i].left - after.left, before[i].top - after.top];
    if (x !== 0 || y !== 0)
      box.animate({ transform: [`translate(${x}px, ${y}px)`, 'none'] }, { duration: 600, easing: 'ease' });
  }
}

function drawNews({ news }: RoomPicture): void {
  const list = find('news');
  const latest = news[0] ? `${news[0].time} ${news.length}` : '';
  if (list.dataset.latest === latest) return;
  list.dataset.latest = latest;
  const lines = news.slice(0, 12).map(({ kind, guest, text }) => {
    const line = make('li', {}, make('b', {}, guest), ` ${text}`);
    line.dataset.kind = kind;
    return line;
  });
  list.replaceChildren(...lines);
}
