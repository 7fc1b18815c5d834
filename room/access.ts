// Who may ask a room for what, decided without I/O: Host, Origin, code and version of each request.
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { CODE_LENGTH, readCode } from './names.js';
import { ROOM_VERSION } from './version.js';

/** As much of a request as a decision takes. */
export interface Asked {
  readonly method?: string;
  readonly url?: string;
  readonly headers: { readonly host?: string; readonly origin?: string };
  /** Where it comes from. */
  readonly address: string;
}

/** What a request gets. `join` says whether a page may join, `take` takes an answer; a `socket` is for the wall, a guest's page, its work, or the instructor. The `voter` is what a guest's votes have as their key. */
export type Decision =
  | { readonly answer: 'file'; readonly path: string }
  | { readonly answer: 'join' }
  | { readonly answer: 'take'; readonly key: string; readonly name: string; readonly text: string }
  | {
      readonly answer: 'socket';
      readonly kind: 'wall' | 'live' | 'work' | 'teach';
      readonly key: string;
      readonly name: string;
      readonly voter?: string;
    }
  | { readonly answer: 'refuse'; readonly status: number; readonly why: string };

/** From one address, in a minute: more wrong codes than people mistype are guesses. */
const MOST_WRONG = 30;
const MINUTE_MS = 60_000;
const MOST_ADDRESSES = 1000;
/** What a device may answer in a minute: four times what one sends that tries again each second. An address may have many behind it. */
const MOST_ANSWERS = { count: 240, bytes: 2 ** 18 } as const;
const DEVICES_OF_ADDRESS = 50;
/** Devices and addresses whose answers are counted at a time. */
const MOST_COUNTED = 50_000;
const KEY = /^[\w-]{16,64}$/;

export class Gate {
  /** For each address, the wrong codes that came from there lately. */
  private wrong = new Map<string, Set<string>>();
  private wrongSince = 0;
  /** What each device and each address has answered in this minute. */
  private answers = new Map<string, { count: number; bytes: number }>();
  private answersSince = 0;

  constructor(
    private readonly code: string,
    private readonly host: string,
    /** What the instructor's page has and nobody else. */
    private readonly secret: string,
  ) {}

  decide(asked: Asked, now: number): Decision {
    const { method = 'GET', url = '/', headers } = asked;
    if (!this.knowsHost(headers.host)) return refuse(403, 'This room has no such name. Use its address.');
    if (!this.knowsOrigin(headers)) return refuse(403, 'A page from elsewhere may not use this room.');
    if (!url.startsWith('/')) return refuse(400, 'The target of a request is a path here.');
    const [path, ...rest] = url.split('?');
    const query = new URLSearchParams(rest.join('?'));
    const isRead = method === 'GET' || method === 'HEAD';
    if (path === '/answer' ? method !== 'POST' : !isRead)
      return refuse(405, 'Use GET here. Only answers come with POST.');
    if (path === '/teach.live') return this.teach(query);
    if (path === '/wall' || path === '/wall.live') return this.wall(path, query, asked, now);
    if (!['/join', '/live', '/work', '/answer'].includes(path)) return { answer: 'file', path };
    if (query.get('version') !== ROOM_VERSION)
      return refuse(426, 'This page is of another version than the room. Reload the page.');
    const problem = this.codeProblem(query, asked.address, now);
    if (problem) return problem;
    const [key, name, voter] = ['key', 'name', 'voter'].map((each) => query.get(each) ?? '');
    if (path === '/join') return { answer: 'join' };
    if (!KEY.test(key)) return refuse(400, 'A device needs a key of its own. Reload the page.');
    if (path === '/answer')
      return (
        this.answersProblem(`from ${asked.address}`, DEVICES_OF_ADDRESS, url.length, now) ??
        this.answersProblem(`of ${key}`, 1, url.length, now) ?? {
          answer: 'take',
          key,
          name,
          text: query.get('answer') ?? '',
        }
      );
    return { answer: 'socket', kind: path === '/live' ? 'live' : 'work', key, name, voter };
  }

  /** The wall shows the code, so only this machine and readers with the code may open it. */
  private wall(path: string, query: URLSearchParams, asked: Asked, now: number): Decision {
    const isHere = /^(::ffff:)?127\.|^::1$/.test(asked.address);
    const problem = isHere ? undefined : this.codeProblem(query, asked.address, now);
    if (problem) return problem;
    if (path === '/wall') return { answer: 'file', path };
    return { answer: 'socket', kind: 'wall', key: '', name: '' };
  }

  private teach(query: URLSearchParams): Decision {
    const [given, right] = [query.get('secret') ?? '', this.secret].map((text) =>
      createHash('sha256').update(text).digest(),
    );
    if (timingSafeEqual(given, right)) return { answer: 'socket', kind: 'teach', key: '', name: '' };
    return refuse(401, "This is not the instructor's address. `lola room` prints it.");
  }

  private codeProblem(query: URLSearchParams, address: string, now: number): Decision | undefined {
    if (now - this.wrongSince > MINUTE_MS || this.wrong.size > MOST_ADDRESSES) {
      this.wrong = new Map();
      this.wrongSince = now;
    }
    const code = readCode(query.get('code') ?? '');
    const wrong = this.wrong.get(address) ?? new Set();
    if (wrong.size >= MOST_WRONG)
      return refuse(429, 'Too many wrong codes came from here. Wait for a minute.');
    if (code === this.code) return undefined;
    this.wrong.set(address, wrong.add(code)); // a page of an older room says the same code again and again: no guess
    return refuse(
      401,
      `This is not the room's code. Look at the wall: it has ${CODE_LENGTH} letters and digits.`,
    );
  }

  /** Counts an answer of `bytes` bytes, or refuses it once its sender has used up this minute. */
  private answersProblem(of: string, devices: number, bytes: number, now: number): Decision | undefined {
    if (now - this.answersSince > MINUTE_MS || this.answers.size > MOST_COUNTED) {
      this.answers = new Map();
      this.answersSince = now;
    }
    const had = this.answers.get(of) ?? { count: 0, bytes: 0 };
    if (had.count >= devices * MOST_ANSWERS.count || had.bytes + bytes > devices * MOST_ANSWERS.bytes)
      return refuse(429, 'Too many answers came from this device or its address. Wait for a minute.');
    this.answers.set(of, { count: had.count + 1, bytes: had.bytes + bytes });
    return undefined;
  }

  /** A page that rebinds a name of its own to this machine still says that name here; a number cannot be rebound. */
  private knowsHost(host = ''): boolean {
    const name = URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : '';
    const own = hostname().toLowerCase();
    const names = ['localhost', own, `${own.replace(/\.local$/, '')}.local`, this.host.toLowerCase()];
    return isIP(name.replace(/^\[|\]$/g, '')) !== 0 || names.includes(name);
  }

  private knowsOrigin({ origin, host }: Asked['headers']): boolean {
    return origin === undefined || origin === `http://${host}`;
  }
}

function refuse(status: number, why: string): Decision {
  return { answer: 'refuse', status, why };
}
