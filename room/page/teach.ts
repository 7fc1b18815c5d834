/// <reference lib="dom" />
// The instructor's page: opens votes and takes them from stage to stage, sees all answers as they come, and decides what the
// wall shows. Its address has the secret by which the room knows it; the page takes it out, and keeps it for a reload.
import type { Command, Stage } from '../answer.js';
import type { InstructorPicture } from '../answers.js';
import type { Vote } from '../votes.js';
import { Listener, find, make, put, show } from './dom.js';
import { redraw, spreadParts, timingParts, voteParts } from './shown.js';

type Shown = InstructorPicture['shown'];

const NEXT: { readonly [stage in Stage]: string } = {
  first: 'Close the first vote: talk for two minutes',
  talk: 'Open the second vote now',
  second: 'Close the second vote: show both rounds',
  results: 'Back to the count',
};
const AWAY =
  'No connection. Is this the address that `lola room` prints, and is the room open? Trying again ...';
const FORWARD = ['PageDown', 'ArrowRight'];
const BACK = ['PageUp', 'ArrowLeft'];
/** A clicker that bounces, or a button held down, asks again within this time (ms): that is one step. */
const BOUNCE_MS = 400;
let askedAt = -BOUNCE_MS;
let votes: readonly Vote[] = [];
let picture: InstructorPicture | undefined;

if (location.hash.length > 1) {
  sessionStorage.setItem('lola-secret', location.hash.slice(1));
  history.replaceState(null, '', location.pathname);
}
window.onhashchange = () => location.reload(); // the address of a new room, in the same tab
const listener = new Listener(
  `/teach.live?secret=${sessionStorage.getItem('lola-secret') ?? ''}`,
  (data) => {
    if ('shown' in (data as object)) draw(data as InstructorPicture);
    else fill((data as { votes: readonly Vote[] }).votes);
  },
  (isUp) => put('state', isUp ? '' : AWAY),
);
const order = (command: Command) => listener.send(command);
const showOnWall = (shown: Shown) => order({ do: 'show', shown });

find('next').onclick = forward;
find('count').onclick = () => showOnWall({ what: 'room' });
find('timings-show').onclick = () => showOnWall({ what: 'timings' });
find('save').onclick = () =>
  save('room-answers.json', 'application/json', JSON.stringify({ questions: votes, ...picture }, null, 1));
find('report').onclick = () => save('room-answers.html', 'text/html', reportOf());
find('clear').onclick = () =>
  confirm('Forget all votes, predictions, speed-ups and exercises?') && order({ do: 'clear' });
document.onkeydown = (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const [isForward, isBack] = [FORWARD, BACK].map((keys) => keys.includes(event.key));
  if (isForward || isBack || (event.repeat && event.key === 'Enter')) event.preventDefault();
  if (event.repeat) return;
  if (isForward) forward();
  else if (isBack) showOnWall({ what: 'room' });
};

/** One step on: shows the chosen vote, or takes it to its next stage. */
function forward(): void {
  const waited = performance.now() - askedAt;
  askedAt += waited;
  if (waited < BOUNCE_MS) return;
  const open = openVote();
  if (!open) showOnWall({ what: 'vote', id: chosen() });
  else if (open.stage === 'results') showOnWall({ what: 'room' });
  else order({ do: 'next', id: open.id, stage: open.stage });
}

/** The chosen vote, if it is on the wall. */
function openVote(): InstructorPicture['votes'][number] | undefined {
  const { shown, votes: ballots = [] } = picture ?? {};
  return shown?.what === 'vote' ? ballots.find(({ id }) => id === shown.id && id === chosen()) : undefined;
}

const chosen = () => find<HTMLSelectElement>('votes').value;

function fill(given: readonly Vote[]): void {
  const kept = chosen();
  votes = given;
  const options = votes.map(({ id, title }) => make('option', { value: id }, `${id} ${title}`));
  find('votes').replaceChildren(...options);
  if (kept) find<HTMLSelectElement>('votes').value = kept;
  show('no-votes', votes.length === 0);
  show('choose', votes.length > 0);
  find('votes').onchange = () => picture && draw(picture);
}

function draw(given: InstructorPicture): void {
  const { shown } = given;
  if (shown.what === 'vote' && JSON.stringify(shown) !== JSON.stringify(picture?.shown))
    find<HTMLSelectElement>('votes').value = shown.id; // also where another instructor has opened it
  picture = given;
  const open = openVote();
  const { devices, predictions, timings, exercises } = picture;
  const on = { room: 'the count', timings: 'the speed-ups', vote: 'a vote', prediction: 'a prediction' };
  put('on-wall', `On the wall: ${on[shown.what]}. Devices that have answered so far: ${devices}`);
  put('next', open ? NEXT[open.stage] : 'Open this vote');
  const vote = votes.find(({ id }) => id === open?.id);
  redraw(find('vote'), [vote, open], () =>
    vote && open ? [...voteParts(vote, open), ...adviceOf(vote)] : [],
  );
  redraw(find('predictions'), predictions, () =>
    predictions.flatMap(({ name, values }) => {
      const onclick = () => showOnWall({ what: 'prediction', name });
      const button = make('button', { type: 'button', onclick }, `Show ${name}`);
      return [...spreadParts(name, values), button];
    }),
  );
  redraw(find('timings'), timings, () => timingParts(timings));
  redraw(find('exercises'), exercises, () => exercises.flatMap(exerciseRows));
  show('tried', exercises.length > 0);
  show('no-exercises', exercises.length === 0);
  show('no-predictions', predictions.length === 0);
}

function adviceOf({ advice, solution }: Vote): Node[] {
  const part = (head: string, text: string) => (text ? [make('h3', {}, head), make('p', {}, text)] : []);
  return [...part('Why it is right', solution), ...part('For you', advice)];
}

/** An exercise, and in a row of its own, which a phone has room for, its known mistakes. */
function exerciseRows({ name, tried, passed, slips }: InstructorPicture['exercises'][number]): HTMLElement[] {
  const cells = [tried, passed, tried - passed].map((count) => make('td', {}, String(count)));
  const known = slips.map(([text, count]) => make('li', {}, `${count}: ${text}`));
  const list = make('tr', {}, make('td', { colSpan: 4 }, make('ul', {}, ...known)));
  return [make('tr', {}, make('th', { scope: 'row' }, name), ...cells), ...(known.length > 0 ? [list] : [])];
}

// ---- what is kept

/** All answers as one page that needs nothing else: what this page shows, every vote below one another. */
function reportOf(): string {
  const all = (picture?.votes ?? []).flatMap((ballot) => {
    const vote = votes.find(({ id }) => id === ballot.id);
    return vote
      ? [make('section', {}, ...voteParts(vote, { ...ballot, stage: 'results' }), ...adviceOf(vote))]
      : [];
  });
  const body = make('main', {}, make('h1', {}, "The room's answers"), ...all, find('kept').cloneNode(true));
  for (const each of body.querySelectorAll('button')) each.remove();
  const style =
    'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}th,td{border-bottom:1px solid #ccc;padding:.3rem .6rem;text-align:left}img{max-width:100%}';
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>The room's answers</title><style>${style}</style></head><body>${body.outerHTML}</body></html>`;
}

function save(name: string, type: string, text: string): void {
  const href = URL.createObjectURL(new Blob([text], { type }));
  make('a', { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
