/// <reference lib="dom" />
// A guest's page: joins the room with one tap, counts on this device's threads, and comes back when it was away.
import type { Wire } from '../../lib/cluster/index.js';
import { startWorker, type ClusterWorker } from '../../lib/cluster/worker-shell.js';
import { ConnectionError } from '../../lib/errors.js';
import { startThreads, type Threads } from '../../lib/execute/threads.js';
import { newKey } from '../names.js';
import { ROOM_VERSION } from '../version.js';
import type { OwnPicture } from '../picture.js';
import { Listener, find, put, show, socketUrl } from './dom.js';
import { drawVote } from './vote.js';
import { STATES, counted, digitsOf, duration, large, percent } from './words.js';

/** It looks for its room for as long as the page is open. */
const FOR_EVER_MS = 1e9;
const FIRST = ['Quick', 'Calm', 'Bright', 'Brave', 'Lucky', 'Merry', 'Clever', 'Gentle'];
const SECOND = ['Otter', 'Heron', 'Lynx', 'Falcon', 'Badger', 'Dolphin', 'Magpie', 'Hedgehog'];
const NO_ANSWER =
  'The room does not answer. Is this device on the same Wi-Fi as the laptop? A phone may have left it because it has no internet: choose it again. If others cannot connect either, the network keeps devices apart: ask for the hotspot.';

/** A guest that has joined. */
interface Joined {
  readonly threads: Threads;
  readonly worker: ClusterWorker;
  readonly listener: Listener;
}

let joined: Joined | undefined;
let wire: { drop(): void } | undefined;

const cores = Math.max(1, Math.min(16, (navigator.hardwareConcurrency ?? 2) - 1));
const name = find<HTMLInputElement>('name');
const code = find<HTMLInputElement>('code');
name.value = localStorage.getItem('lola-name') ?? pick(FIRST) + ' ' + pick(SECOND);
code.value = decodeURIComponent(location.hash.slice(1)) || (localStorage.getItem('lola-code') ?? '');
localStorage.setItem('lola-code', code.value); // the lesson, which the room serves, joins with it
put('cores', cores === 1 ? 'one core' : `${cores} cores`);
show('ask-code', code.value === '');
find('join-form').onsubmit = (event) => {
  event.preventDefault();
  void join();
};
find('leave').onclick = () => void leave('You have left. Thank you! You can join again at any time.');
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') joined?.listener.check();
});
// A page that was reloaded goes on where it was.
if (sessionStorage.getItem('lola-joined')) void join();

async function join(): Promise<void> {
  const button = find<HTMLButtonElement>('join');
  button.disabled = true;
  const threads = startThreads({ count: cores }); // they start while the room is asked
  threads.catch(() => {});
  try {
    const problem = await whyNot();
    if (problem !== undefined) {
      void threads.then((started) => started.close());
      return sayTrouble(problem);
    }
    sayTrouble('');
    localStorage.setItem('lola-name', name.value);
    localStorage.setItem('lola-code', code.value);
    sessionStorage.setItem('lola-joined', 'yes');
    await work(await threads);
  } catch (error) {
    sayTrouble(`This browser cannot count: ${(error as Error).message} Update it, or take another one.`);
  } finally {
    button.disabled = false;
  }
}

async function work(threads: Threads): Promise<void> {
  const worker = startWorker({ dial, threads, name: 'guest', deathTimeoutMs: FOR_EVER_MS });
  await Promise.race([worker.joined, worker.ended]);
  const listener = new Listener(`/live?${query()}`, (data) => draw(data as OwnPicture), onState);
  joined = { threads, worker, listener };
  show('join-form', false);
  show('working', true);
  const onEnd = (reason: string) => {
    if (joined?.worker === worker) void leave(reason);
  };
  worker.ended.then(onEnd, (error: Error) => onEnd(error.message));
}

async function leave(why: string): Promise<void> {
  const left = joined;
  joined = undefined;
  sessionStorage.removeItem('lola-joined');
  show('working', false);
  show('join-form', true);
  sayTrouble(why);
  if (!left) return;
  left.listener.stop();
  await left.worker.drain();
  await left.threads.close();
}

/** Why this device cannot join; undefined if it can. */
async function whyNot(): Promise<string | undefined> {
  try {
    const told = await fetch(`/join?${query()}`);
    const { ok, why, lesson } = (await told.json()) as { ok: boolean; why?: string; lesson?: boolean };
    show('lesson', lesson === true);
    if (!ok) show('ask-code', true);
    return ok ? undefined : why;
  } catch {
    return NO_ANSWER;
  }
}

/** Opens the socket on which this device gets its work. */
function dial(): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(socketUrl(`/work?${query()}`));
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => resolve(wireOf(socket));
    socket.onerror = () => reject(new ConnectionError('the room does not answer'));
  });
}

function wireOf(socket: WebSocket): Wire {
  let onGone = (_reason: string) => {};
  const drop = () => {
    socket.onclose = null;
    socket.close();
    onGone('connection lost');
  };
  wire = { drop };
  return {
    listen(onBytes, onClosed) {
      onGone = onClosed;
      socket.onmessage = ({ data }) => onBytes(new Uint8Array(data as ArrayBuffer));
      socket.onclose = () => onClosed('connection closed');
    },
    send: (data) => socket.send(new Uint8Array(data)),
    ping: () => {}, // a page cannot; the listener notices the silence
    received: () => NaN,
    close: () => socket.close(),
    destroy: drop,
  };
}

function onState(isUp: boolean): void {
  document.body.classList.toggle('away', !isUp);
  if (isUp) return sayTrouble('');
  sayTrouble('Connection lost. Trying again ...');
  wire?.drop(); // what it computes would come too late; the worker dials again by itself
  void whyNot().then((problem) => {
    if (problem !== undefined && joined) sayTrouble(problem);
  });
}

function draw(own: OwnPicture): void {
  drawVote(own.vote, own.at, () => query(localStorage, ''));
  if (own.op !== 'you') return;
  const { state, samples, inside, rate, total, room, here } = own;
  put('own-name', own.name);
  put('state', room.done ? 'Done. Thank you!' : `${STATES[state].sign} ${STATES[state].word}`);
  put('share', percent(room.samples === 0 ? 0 : samples / room.samples));
  put('points', `${large(samples)} of ${large(room.samples)} points`);
  put('rate', `${large(rate)} a second`);
  put('own-pi', samples === 0 ? '' : (4 * (inside / samples)).toFixed(6));
  const { reliable, rest } = digitsOf(room.pi ?? NaN, room.error ?? NaN);
  put('room-pi', room.pi === undefined ? '' : reliable + rest);
  put(
    'room-text',
    `${counted(here, 'device')}, ${percent(room.samples / total)} done, ${duration(room.seconds)}`,
  );
  find<HTMLProgressElement>('progress').value = room.samples / total;
}

function sayTrouble(text: string): void {
  put('trouble', text);
}

/** What the room knows this tab by, and its browser: a learner who scans the code again, in a new tab, has no second vote. */
function query(storage = sessionStorage, called = name.value): string {
  const [key, voter] = [storage, localStorage].map(keyIn);
  const fields = { version: ROOM_VERSION, code: code.value, key, voter, name: called };
  return new URLSearchParams(fields).toString();
}

/** Its own secret: it is known by it when it comes back. */
function keyIn(storage: Storage): string {
  const made = storage.getItem('lola-key') ?? newKey();
  storage.setItem('lola-key', made);
  return made;
}

function pick(words: readonly string[]): string {
  return words[Math.floor(Math.random() * words.length)];
}
