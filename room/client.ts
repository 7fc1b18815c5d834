// How notebooks and races tell a room their answers, from Node and from a page. Nothing is sent before `joinRoom`.
import { ConnectionError, InvalidArgumentError, show } from '../lib/errors.js';
import { describeMachine } from '../lib/machine.js';
import type { Answer, Timing } from './answer.js';
import { newKey, readCode } from './names.js';
import { ROOM_VERSION, SHARED } from './version.js';

interface Joined {
  readonly origin: string;
  readonly fields: Readonly<Record<'version' | 'code' | 'key', string>>;
  readonly name: string;
}

const WAIT_MS = 10_000; // the room has so long to answer
const keys = new Map<string, string>();
let joined: Joined | undefined;
let sending: Promise<unknown> = Promise.resolve();
/** How all this is done. The kernel of a page asks its page instead, which is still in the room when the kernel is not. */
export const way = { join, leave, send };

/**
 * Joins a room, so that this notebook's predictions, speed-ups and checks count there. It prints what is shared.
 * @param address as the wall and the instructor give it, with its code: 'http://192.168.1.5:8700/#ABCDE'
 * @param name what the chart of speed-ups calls this machine; predictions and checks never carry a name (default: none)
 * @param key this learner's own secret: who comes back with it is the same one (default: one that is kept on this machine)
 * @throws InvalidArgumentError for an address that is none, ConnectionError if the room does not let it in
 */
export function joinRoom(address: string, name = '', key?: string): Promise<void> {
  return way.join(address, name, key);
}

async function join(address: string, name: string, key?: string): Promise<void> {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || url.protocol !== 'http:' || url.hash.length < 2)
    throw new InvalidArgumentError(
      `the room's address must be as the wall shows it, with the code after a #, got ${show(address)}. Write 'http://192.168.1.5:8700/#ABCDE'.`,
    );
  const code = readCode(url.hash.slice(1).replaceAll('%20', ''));
  const fields = { version: ROOM_VERSION, code, key: key ?? keyFor(code) };
  const wanted = { origin: url.origin, fields, name };
  await ask(wanted, 'GET', '/join');
  joined = wanted;
  console.log(`Joined. ${SHARED} In a notebook, leaveRoom() ends this.`);
}

/** Ends what `joinRoom` began: nothing more is sent. */
export function leaveRoom(): void {
  way.leave();
}

function leave(): void {
  joined = undefined;
}

/**
 * Notes a prediction, before the cell that shows the result runs: `predicted = predict('four at once', 4)`. In a room that
 * was joined, the wall can then show everybody's. Without one, it only returns the value.
 * @param name what is predicted, in up to 60 characters: the same text is the same prediction
 * @param value a number; NaN, as the notebook has it, is no prediction yet
 * @returns the value; undefined where there is none yet
 */
export function predict(name: string, value: number): number | undefined {
  if (Number.isFinite(value)) report({ kind: 'prediction', name, value });
  return Number.isNaN(value) ? undefined : value;
}

/**
 * Hands this machine's speed-ups to the room, if one was joined: its chart shows them beside the others'.
 * @param measured the samples of each run, the stage ('pool'), and for each number of workers its speed-up with its range
 * @throws ConnectionError if the room does not take them
 */
export async function handIn(measured: Omit<Timing, 'cpu' | 'cores'>): Promise<void> {
  const { cpu, coresAllotted } = describeMachine();
  await way.send({ kind: 'timing', timing: { ...measured, cpu: cpu.slice(0, 100), cores: coresAllotted } });
}

/** Tells the room, if there is one. A notebook goes on if the room is gone, and says so. */
export function report(answer: Answer): void {
  way.send(answer).catch((error: Error) => console.warn(`The room did not get this: ${error.message}`));
}

/** Sends one answer after another: the last one counts, so none may overtake it. */
function send(answer: Answer): Promise<void> {
  const room = joined;
  const sent = sending.then(async () => {
    if (!room || room !== joined) return;
    const name = answer.kind === 'timing' ? room.name : ''; // no other answer has a name
    await ask(room, 'POST', '/answer', { answer: JSON.stringify(answer), name });
  });
  sending = sent.catch(() => {});
  return sent;
}

async function ask(
  { origin, fields }: Joined,
  method: string,
  path: string,
  more: object = {},
): Promise<void> {
  const query = new URLSearchParams({ ...fields, ...more }).toString();
  const signal = AbortSignal.timeout(WAIT_MS);
  let reply: { readonly ok: boolean; readonly why?: string };
  try {
    reply = (await (await fetch(`${origin}${path}?${query}`, { method, signal })).json()) as typeof reply;
  } catch (cause) {
    throw new ConnectionError(
      `no room answers at ${origin}. Is this machine on its network, and the room still open? A page reaches only the room that it comes from: there, open /lesson/. (${(cause as Error).message})`,
    );
  }
  if (!reply.ok)
    throw new ConnectionError(`the room at ${origin} refused: ${reply.why ?? 'it did not say why'}`);
}

/** This learner's key for the room with this code: a random one, and the same one whenever it joins again. */
function keyFor(code: string): string {
  const key = keys.get(code) ?? keptKey(code, newKey());
  keys.set(code, key);
  return key;
}

/** Node keeps the key in the home, so that a restarted kernel is the same learner. Where it cannot, the new one will do. */
function keptKey(code: string, made: string): string {
  try {
    const { process } = globalThis as { readonly process?: NodeJS.Process };
    const [fs, os] = [process!.getBuiltinModule('fs'), process!.getBuiltinModule('os')];
    const folder = `${os.homedir()}/.lola`;
    const file = `${folder}/room-${code.replace(/\W/g, '').slice(0, 20)}`;
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!fs.existsSync(file)) fs.writeFileSync(file, made, { flag: 'wx', mode: 0o600 });
    const kept = fs.readFileSync(file, 'utf8');
    return /^[\w-]{16,64}$/.test(kept) ? kept : made;
  } catch {
    return made;
  }
}
