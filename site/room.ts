// The room that a live notebook may join: one click, beside it what is shared. The page is in the room, not its kernel, so a
// restart changes nothing. This tab stays in the room when it is reloaded or goes to another notebook; the key, by which the
// room knows a learner, is the browser's.
import { newKey } from '../dist/room/names.js';
import { SHARED } from '../dist/room/version.js';
import { make } from './dom.js';
import { storageThatWorks } from './shelf.js';
import type { RoomRequest } from './kernel/protocol.js';

/** Where the room's own page keeps its code, and what this one keeps. */
const [CODE, KEY, JOINED] = ['lola-code', 'lolas-pi room key', 'lolas-pi room'];
const storage = storageThatWorks();
const client = () => import('../dist/room/client.js');

/** The place of a notebook where a learner joins and leaves. */
export class RoomPlace {
  readonly element = make('details', { className: 'room' });
  private readonly summary = make('summary');
  private readonly room = make('input', { maxLength: 100, autocomplete: 'off', spellcheck: false });
  private readonly nickname = make('input', { maxLength: 20, autocomplete: 'off', spellcheck: false });
  private readonly button = make('button');
  private joined = false;
  /** One request after the other: an answer waits until the page has joined. */
  private last: Promise<unknown> = Promise.resolve();

  /** @param notebook its name, as in '03-pool' @param notice shows what went wrong */
  constructor(
    private readonly notebook: string,
    private readonly notice: (text: string) => void,
  ) {
    const [, given] = /^#room=(\w+)$/.exec(location.hash) ?? [];
    if (given) storage?.setItem(CODE, given);
    const code = storage?.getItem(CODE) ?? '';
    this.room.value = code;
    this.element.open = code !== '';
    const shared = `Nothing is sent before you join. ${SHARED} Only speed-ups carry a name. To vote, open the room itself.`;
    const form = make(
      'form',
      {},
      make('label', {}, 'Code on the wall, or address of the room ', this.room),
      make('label', {}, 'Name for your speed-ups (optional) ', this.nickname),
      this.button,
      make('p', {}, shared),
    );
    form.onsubmit = (event) => {
      event.preventDefault();
      this.take(this.joined ? { do: 'leave' } : { do: 'join', address: this.room.value, name: this.name });
    };
    this.element.append(this.summary, form);
    this.show(false);
    const [address, name] = (storage ? (sessionStorage.getItem(JOINED) ?? '') : '').split('\n');
    if (address) this.take({ do: 'join', address, name });
  }

  /** Does what the learner or a cell asks. */
  take(request: RoomRequest): void {
    if (request.do === 'leave') this.leave();
    this.last = this.last
      .then(() => this.handle(request))
      .catch(({ message }: Error) => this.notice(message));
  }

  private get name(): string {
    return this.nickname.value.trim();
  }

  private async handle(request: RoomRequest): Promise<void> {
    if (request.do === 'join') return this.join(request.address, request.name);
    const { way } = await client();
    if (request.do === 'leave') {
      way.leave();
      this.leave();
    } else if (this.joined)
      await way.send(request.answer).catch(({ message }: Error) => {
        throw new Error(`The room did not get this: ${message}`);
      });
  }

  private async join(given: string, name: string): Promise<void> {
    const address = addressOf(given);
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (url && url.origin !== location.origin) return this.goTo(url);
    await (await client()).joinRoom(address, name, keyOfBrowser());
    if (storage) sessionStorage.setItem(JOINED, `${address}\n${name}`);
    this.nickname.value = name;
    this.show(true);
  }

  /** A page reaches only the room that it comes from, so the room's own copy of this notebook is opened. */
  private goTo({ origin, hash }: URL): void {
    const words = `This notebook opens again, from the room at ${origin}. What you wrote here stays here: to take it along, download it first, and open it there.`;
    if (confirm(words))
      location.assign(`${origin}/lesson/notebooks/${this.notebook}.html#room=${hash.slice(1)}`);
  }

  private leave(): void {
    if (storage) sessionStorage.setItem(JOINED, '');
    this.show(false);
  }

  private show(joined: boolean): void {
    this.joined = joined;
    if (joined) this.element.open = true;
    this.summary.textContent = joined ? 'In the room' : 'Join a room';
    this.button.textContent = joined ? 'Leave the room' : 'Join';
    this.room.disabled = this.nickname.disabled = joined;
  }
}

/** What people type, as an address: 'ABCDE' for the room of this page, '192.168.1.5:8700 ABCDE', or an address as it is. */
function addressOf(typed: string): string {
  const [, host = location.host, code] = /^(?:http:\/\/)?([^\s/#]*[.:][^\s/#]*)?[\s/#]*(.*)$/.exec(
    typed.trim(),
  )!;
  return `http://${host}/#${code}`;
}

/** The learner's key in this browser; undefined where it keeps nothing. */
function keyOfBrowser(): string | undefined {
  const key = storage?.getItem(KEY) ?? newKey();
  storage?.setItem(KEY, key);
  return storage && key;
}
