import { EventEmitter } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os, { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { checkProfile } from '../../lesson/index.js';
import type { Answer, Command } from '../../room/answer.js';
import type { InstructorPicture } from '../../room/answers.js';
import { handIn, joinRoom, leaveRoom, predict, report } from '../../room/client.js';
import { Desk } from '../../room/desk.js';
import { startRoom, type Room } from '../../room/index.js';
import { ROOM_VERSION } from '../../room/version.js';
import type { Vote } from '../../room/votes.js';

const VOTE: Vote = {
  ...{ id: '03-1', title: 'four at once', question: 'How much faster?', right: 'C' },
  choices: ['A', 'B', 'C', 'D'].map((letter) => ({ letter, text: `choice ${letter}` })),
  ...{ solution: 'One thread.', notes: { A: 'a belief.' }, advice: 'misleads.' },
};
const CLIENTS = 30;
const opened: { close(): unknown }[] = [];
let room: Room;
let home: string;
let kernels = 0;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'lola-home-'));
  vi.stubEnv('HOME', home).stubEnv('USERPROFILE', home);
  const given = { samples: 1e6, seed: 2017, title: 'test', host: '127.0.0.1', port: 0, share: 1, threads: 1 };
  room = await startRoom({ ...given, votes: [VOTE] });
  opened.push(room);
});
afterEach(async () => {
  leaveRoom();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
  for (const one of opened.splice(0).reverse()) await one.close();
});

const keyOf = (i: number) => `key-of-client-${String(i).padStart(4, '0')}`;
const fields = (more: object = {}) =>
  new URLSearchParams({
    version: ROOM_VERSION,
    code: room.code,
    key: keyOf(0),
    name: 'Ana',
    ...more,
  }).toString();
const at = (path: string) => `http://127.0.0.1:${room.port}${path}`;

/** Sends an answer as a device does. @returns why it does not count */
async function say(i: number, answer: unknown): Promise<string | undefined> {
  const query = fields({ key: keyOf(i), name: `machine ${i}`, answer: JSON.stringify(answer) });
  const reply = await fetch(at(`/answer?${query}`), { method: 'POST' });
  return ((await reply.json()) as { why?: string }).why;
}

/** A socket and all that it gets. Rejects with the status of a refusal. */
async function listen(path: string) {
  const socket = new WebSocket(`ws://127.0.0.1:${room.port}${path}`);
  opened.push({ close: () => socket.terminate() });
  const got: string[] = [];
  let heard = () => {};
  socket.on('message', (data) => {
    got.push((data as Buffer).toString());
    heard();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('unexpected-response', (_, { statusCode }) => reject(new Error(`status ${statusCode}`)));
    socket.once('error', reject);
  });
  /** Waits until the last message is as wanted. */
  const until = async <T>(isSo: (last: T) => boolean): Promise<T> => {
    for (;;) {
      const last = got.length > 0 ? (JSON.parse(got[got.length - 1]) as T) : undefined;
      if (last !== undefined && isSo(last)) return last;
      await new Promise<void>((resolve) => (heard = resolve));
    }
  };
  return { socket, got, until, order: (command: Command) => socket.send(JSON.stringify(command)) };
}

const listenAsInstructor = () => listen(`/teach.live?secret=${room.teach.split('#')[1]}`);
const vote = (round: 1 | 2, choice: string): Answer => ({ kind: 'vote', vote: VOTE.id, round, choice });
const open: Command = { do: 'show', shown: { what: 'vote', id: VOTE.id } };

describe('30 devices', () => {
  test('are each counted once, seen by the instructor at once, and told no result', async () => {
    const teach = await listenAsInstructor();
    const learner = await listen(`/live?${fields()}`);
    const both = (stage: string) =>
      Promise.all([
        teach.until<InstructorPicture>(({ votes }) =>
          votes.some((one) => 'stage' in one && one.stage === stage),
        ),
        learner.until<{ vote?: { stage: string } }>((own) => own.vote?.stage === stage),
      ]);
    const devices = Array.from({ length: CLIENTS }, (_, i) => i);
    const choices = [devices.map((i) => 'ABCD'[i % 4]), devices.map((i) => (i % 2 ? 'C' : 'B'))];
    teach.order(open);
    await both('first');
    for (const round of [1, 2] as const) {
      // Each answers twice, the second time over a new connection.
      expect(await Promise.all(devices.map((i) => say(i, vote(round, 'A'))))).toEqual(
        devices.map(() => undefined),
      );
      await Promise.all(devices.map((i) => say(i, vote(round, choices[round - 1][i]))));
      const wanted = [...'ABCD'].map((letter) => choices[round - 1].filter((one) => one === letter).length);
      await teach.until<InstructorPicture>(
        ({ votes: [one] }) => String(one?.counts?.[round - 1]) === String(wanted),
      );
      teach.order({ do: 'next', id: VOTE.id, stage: round === 1 ? 'first' : 'second' });
      await both(round === 1 ? 'talk' : 'results');
      expect(await say(0, vote(round, 'D'))).toMatch(/too late/);
      if (round === 1) teach.order({ do: 'next', id: VOTE.id, stage: 'talk' });
      if (round === 1) await both('second');
    }
    for (const name of ['share', 'speed-up', 'four at once'])
      await Promise.all(devices.flatMap((i) => [say(i, { kind: 'prediction', name, value: i })]));
    const points = [{ workers: 2, speedUp: { median: 1.8, low: 1.7, high: 1.9 } }];
    const timing = { cpu: 'a CPU', cores: 2, samples: 1e9, stage: 'pool', points };
    await Promise.all(devices.map((i) => say(i, { kind: 'timing', timing })));
    for (let n = 0; n < 6; n++)
      await Promise.all(
        devices.map((i) => say(i, { kind: 'progress', exercise: `ex ${n}`, passed: i % 2 === 0 })),
      );
    const seen = await teach.until<InstructorPicture>(
      ({ exercises }) => exercises.length === 6 && exercises[5].tried === CLIENTS,
    );
    const right = choices.map((round) => round.filter((choice) => choice === 'C').length);
    const change = (right[1] / CLIENTS - right[0] / CLIENTS) / (1 - right[0] / CLIENTS);
    expect(seen.votes).toMatchObject([
      { stage: 'results', answered: [CLIENTS, CLIENTS], change: expect.closeTo(change, 12) as number },
    ]);
    expect(seen.predictions.map(({ values }) => values)).toEqual([devices, devices, devices]);
    expect(seen.timings.map(({ nickname }) => nickname).sort()).toEqual(
      devices.map((i) => `machine ${i}`).sort(),
    );
    expect(seen.exercises).toEqual(
      [0, 1, 2, 3, 4, 5].map((n) => ({ name: `ex ${n}`, tried: 30, passed: 15, slips: [] })),
    );
    for (const text of [...learner.got, ...teach.got]) expect(text).not.toContain('key-of');
    for (const text of learner.got)
      expect(text).not.toMatch(/counts|answered|right|change|One thread|belief|misleads|values|timings/);
  }, 60_000);
});

describe('an answer', () => {
  /** A desk whose clock never ticks, with a page that notes what it is sent. */
  function desk() {
    const made = new Desk([VOTE]);
    const sent: InstructorPicture[] = [];
    const send = (text: string) => sent.push(JSON.parse(text) as InstructorPicture);
    made.open(Object.assign(new EventEmitter(), { bufferedAmount: 0, send }) as unknown as WebSocket);
    const predict = (i: number, value: number) =>
      made.take({
        key: keyOf(i),
        name: '',
        text: JSON.stringify({ kind: 'prediction', name: 'share', value }),
      });
    return { made, sent, predict, values: () => sent[sent.length - 1].predictions[0]?.values };
  }

  test('is on the instructor’s page before the room has replied to it: it waits for no tick', () => {
    const { predict, values } = desk();
    expect(predict(0, 0.4)).toBeUndefined();
    expect(values()).toEqual([0.4]);
    expect(predict(1, 0.5)).toBeUndefined();
    expect(values()).toEqual([0.4, 0.5]);
  });

  test('of a flood waits for the next tick, so that a flood costs no more than a few pictures', () => {
    const { made, sent, predict, values } = desk();
    const before = sent.length;
    for (let i = 0; i < 100; i++) predict(i, i);
    expect(sent.length - before).toBe(8);
    made.tick();
    expect([sent.length - before, values().length]).toEqual([9, 100]);
    predict(0, 200);
    expect(values()).toContain(200);
  });
});

describe('a device that would be the instructor', () => {
  test.each(['', 'x', 'A'.repeat(32)])('is refused with the secret %j', async (secret) => {
    await expect(listen(`/teach.live?secret=${secret}`)).rejects.toThrow('status 401');
    await expect(listen(`/teach.live?${fields({ secret })}`)).rejects.toThrow('status 401');
  });

  test('finds the secret in nothing that it is given, and opens no vote by any door that it has', async () => {
    const live = await listen(`/live?${fields()}`);
    const closed = new Promise((resolve) => live.socket.once('close', resolve));
    live.order(open);
    expect(await closed).toBe(1003);
    expect(await say(0, open)).toMatch(/cannot take/);
    expect(await say(0, { kind: 'command', command: open })).toMatch(/cannot take/);
    const wall = await listen(`/wall.live?code=${room.code}`);
    const picture = await wall.until<{ answers: object }>((last) => 'answers' in last);
    expect(picture.answers).toEqual({ what: 'room' });
    const pages = await Promise.all(
      ['/', '/teach', '/teach.js', '/wall', `/join?${fields()}`].map(async (path) =>
        (await fetch(at(path))).text(),
      ),
    );
    const [, secret] = room.teach.split('#');
    for (const text of [...pages, ...live.got, ...wall.got]) expect(text).not.toContain(secret);
  });
});

describe('the door for answers', () => {
  test.each([
    ['another method', 'GET', '/answer', {}, 405],
    ['POST elsewhere', 'POST', '/join', {}, 405],
    ['a page from elsewhere', 'POST', '/answer', { origin: 'http://evil.example' }, 403],
  ])('refuses %s', async (_, method, path, headers, status) => {
    const reply = await fetch(at(`${path}?${fields({ answer: '{}' })}`), { method, headers });
    const text = await reply.text();
    expect(reply.status === status || /"ok":false/.test(text), text).toBe(true);
  });

  test.each([
    ['no JSON', '{'],
    ['a number that is none', '{"kind":"prediction","name":"x","value":null}'],
    ['a field too many', '{"kind":"prediction","name":"x","value":1,"code":"mine"}'],
    ['a name too long', JSON.stringify({ kind: 'prediction', name: 'x'.repeat(61), value: 1 })],
    ['an odd kind', '{"kind":"__proto__"}'],
  ])('refuses %s', async (_, answer) => {
    const reply = await fetch(at(`/answer?${fields({ answer })}`), { method: 'POST' });
    expect(await reply.json()).toMatchObject({
      ok: false,
      why: expect.stringMatching(/^The room cannot take this answer: Invalid .*\.$/) as string,
    });
  });

  test('refuses a wrong code and a key that is none', async () => {
    const ask = async (more: object) =>
      (await fetch(at(`/answer?${fields({ answer: '{}', ...more })}`), { method: 'POST' })).json();
    expect(await ask({ code: 'WRONG' })).toMatchObject({
      ok: false,
      why: expect.stringMatching(/code/) as string,
    });
    expect(await ask({ key: '..' })).toMatchObject({
      ok: false,
      why: expect.stringMatching(/key/) as string,
    });
  });

  test('serves two instructors, and takes nothing from an order that is none', async () => {
    const [one, two] = [await listenAsInstructor(), await listenAsInstructor()];
    one.socket.send('{"do":"show","shown":{"what":"vote","id":"no such vote"}}');
    one.socket.send('nonsense');
    two.order(open);
    await one.until<InstructorPicture>(({ votes, shown }) => votes.length === 1 && shown?.what === 'vote');
    one.order({ do: 'next', id: VOTE.id, stage: 'first' });
    two.order({ do: 'next', id: VOTE.id, stage: 'first' });
    const { votes } = await two.until<InstructorPicture>(
      ({ votes: [vote] }) => vote !== undefined && 'stage' in vote && vote.stage !== 'first',
    );
    expect(votes).toMatchObject([{ stage: 'talk' }]);
  });
});

describe('a notebook', () => {
  test('sends nothing before it has joined, and after it has left', async () => {
    const teach = await listenAsInstructor();
    expect([predict('share', 0), predict('share', 0.4)]).toEqual([0, 0.4]);
    await joinRoom(room.urls[0].url, 'Ana', keyOf(7));
    expect(predict('share', NaN)).toBeUndefined();
    expect(predict('share', 0.5)).toBe(0.5);
    report({ kind: 'progress', exercise: '02 amdahl', passed: false, slip: 'upside down.' });
    const points = [{ workers: 2, speedUp: { median: 1.8, low: 1.7, high: 1.9 } }];
    await handIn({ samples: 1e9, stage: 'pool', points });
    const seen = await teach.until<InstructorPicture>(({ timings, exercises, predictions }) =>
      [timings, exercises, predictions].every((each) => each?.length === 1),
    );
    expect(seen).toMatchObject({
      predictions: [{ name: 'share', values: [0.5] }],
      timings: [{ nickname: 'Ana', points }],
      exercises: [{ name: '02 amdahl', tried: 1, passed: 0, slips: [['upside down.', 1]] }],
    });
    leaveRoom();
    await handIn({ samples: 1e8, stage: 'pool', points });
    expect(room.picture().answers).toEqual({ what: 'room' });
    teach.order({ do: 'show', shown: { what: 'timings' } });
    await teach.until<InstructorPicture>(({ shown }) => shown.what === 'timings');
    expect(room.picture().answers).toMatchObject({ timings: [{ samples: 1e9 }] });
  });

  test('gives its name with its speed-ups alone', async () => {
    const asked = vi.spyOn(globalThis, 'fetch');
    await joinRoom(room.urls[0].url, 'Ana', keyOf(7));
    predict('share', 0.5);
    report({ kind: 'progress', exercise: '02 amdahl', passed: true });
    const points = [{ workers: 2, speedUp: { median: 1.8, low: 1.7, high: 1.9 } }];
    await handIn({ samples: 1e9, stage: 'pool', points });
    const said = asked.mock.calls.map(([url]) => new URL(url as string).searchParams);
    const names = said.map((fields) => [
      /"kind":"(\w+)"/.exec(fields.get('answer') ?? '')?.[1],
      fields.get('name'),
    ]);
    expect(names).toEqual([
      [undefined, null],
      ['prediction', ''],
      ['progress', ''],
      ['timing', 'Ana'],
    ]);
  });

  test.each([
    ['no address', 'hello', 'INVALID_ARGUMENT', /#ABCDE/],
    ['no code', 'http://127.0.0.1:8700/', 'INVALID_ARGUMENT', /#ABCDE/],
    ['nobody there', 'http://127.0.0.1:9/#ABCDE', 'CONNECTION', /no room answers/],
  ])('says what is wrong with %s', async (_, address, code, message) => {
    await expect(joinRoom(address)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  test('is refused with a wrong code, and says so', async () => {
    const wrong = room.urls[0].url.replace(/#.*/, '#WRONG');
    await expect(joinRoom(wrong)).rejects.toMatchObject({
      code: 'CONNECTION',
      message: expect.stringMatching(/not the room's code/) as string,
    });
  });

  /** The key that a notebook joins with, in a kernel of its own. */
  async function keyOfNewKernel(address: string): Promise<string> {
    const file = pathToFileURL(resolve('dist/room/client.js'));
    const kernel = (await import(/* @vite-ignore */ `${file.href}?kernel=${kernels++}`)) as {
      readonly joinRoom: typeof joinRoom;
    };
    const asked = vi.spyOn(globalThis, 'fetch');
    await kernel.joinRoom(address);
    await kernel.joinRoom(address.replace(/#.*/, (code) => code.toLowerCase()));
    const keys = asked.mock.calls.map(([url]) => new URL(url as string).searchParams.get('key')!);
    asked.mockRestore();
    expect(keys).toEqual([keys[0], keys[0]]); // joining again makes no second learner
    return keys[0];
  }

  test('is the same learner after a restart: its key is kept in the home, for this room and this user', async () => {
    const file = join(home, '.lola', `room-${room.code}`);
    const key = await keyOfNewKernel(room.urls[0].url);
    expect(key).toMatch(/^[\w-]{16,64}$/);
    expect(await keyOfNewKernel(room.urls[0].url)).toBe(key);
    expect(readFileSync(file, 'utf8')).toBe(key);
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(tmpdir()).filter((name) => name.includes(room.code))).toEqual([]);
    writeFileSync(file, 'no key');
    expect(await keyOfNewKernel(room.urls[0].url)).not.toBe(key);
  });

  test('joins with a new key where the machine knows neither user nor home', async () => {
    const nobody = () => {
      throw new Error('no passwd entry');
    };
    vi.spyOn(os, 'homedir').mockImplementation(nobody);
    vi.spyOn(os, 'userInfo').mockImplementation(nobody);
    const key = await keyOfNewKernel(room.urls[0].url);
    expect(await keyOfNewKernel(room.urls[0].url)).not.toBe(key);
  });

  test('sends one answer after another: the last one counts, so none overtakes it', async () => {
    await joinRoom(room.urls[0].url, 'Ana', keyOf(7));
    const replies: (() => void)[] = [];
    const asked = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => {
      await new Promise<void>((resolve) => replies.push(resolve));
      return new Response('{"ok":true}');
    });
    const sent = () =>
      asked.mock.calls.map(([url]) => {
        const { searchParams } = new URL(url as string);
        return (JSON.parse(searchParams.get('answer')!) as { value: number }).value;
      });
    for (const value of [1, 2, 3]) predict('share', value);
    await turn();
    expect(sent()).toEqual([1]);
    replies[0]();
    await turn();
    expect(sent()).toEqual([1, 2]);
    leaveRoom(); // nothing more is sent
    replies[1]();
    await turn();
    expect(sent()).toEqual([1, 2]);
  });

  test('tells how its checks end, and which known mistake that was, but no answer and nothing untried', async () => {
    const teach = await listenAsInstructor();
    checkProfile.limit(3.7); // before it has joined
    await joinRoom(room.urls[0].url, 'Ana', keyOf(1));
    checkProfile.limit(NaN);
    checkProfile.amdahl(() => undefined as never);
    checkProfile.amdahl((parallel, faster) => 1 - parallel + parallel / faster);
    checkProfile.amdahl(() => 123_456);
    checkProfile.karpFlatt((s, p) => (1 / s - 1 / p) / (1 - 1 / p));
    const seen = await teach.until<InstructorPicture>(({ exercises }) => exercises?.length === 2);
    await teach.until<InstructorPicture>(({ exercises: [amdahl] }) => amdahl.slips.length === 1);
    expect(seen.exercises.map(({ name }) => name)).toEqual(['02 amdahl', '02 karpFlatt']);
    expect(seen.exercises[1]).toMatchObject({ tried: 1, passed: 1, slips: [] });
    expect(JSON.parse(teach.got[teach.got.length - 1])).toMatchObject({
      exercises: [{ passed: 0, slips: [[expect.stringMatching(/^that is the new time/), 1]] }, {}],
    });
    expect(teach.got.join()).not.toContain('123');
  });
});
