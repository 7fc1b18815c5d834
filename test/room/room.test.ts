import seedrandom from 'seedrandom';
import { describe, expect, test } from 'vitest';
import type { FromScheduler, ToScheduler } from '../../lib/cluster/messages.js';
import { countInside, keyOfSeed } from '../../lib/index.js';
import { packValue, unpackTask, unpackValue } from '../../lib/task/pack.js';
import { TASK_OPERATIONS, runTask } from '../../lib/task/run-task.js';
import type { Task } from '../../lib/task/task.js';
import { RoomMachine, type RoomAction, type RoomEvent } from '../../room/room.js';
import { Work } from '../../room/work.js';

const SEED = 2017;
type Assign = FromScheduler & { op: 'assign' };
type Done = ToScheduler & { op: 'done' };

/** A room of a few thousand samples, so that counting them takes no time. */
function room({ samples = 6400, share = 1, random = (): number => 0 } = {}): RoomMachine {
  const work = new Work(samples, SEED);
  return new RoomMachine({ work, share, random, heartbeatMs: 1000, firstBatch: 1000 });
}

/** Every task is computed once, however often it is lent or checked. */
const values = new Map<string, Promise<number>>();
function compute(task: Task): Promise<number> {
  const value = values.get(task.key) ?? (runTask(task, TASK_OPERATIONS) as Promise<number>);
  values.set(task.key, value);
  return value;
}
const key = (guest: number) => `key-of-guest-number-${guest}`;
const hello = { op: 'hello', role: 'worker', name: 'guest', threads: 1, instance: '-' } as const;
const none = { thread: 0, ages: new Float64Array(0), values: packValue([]) };

async function honest({ batch, tasks }: Assign, taskMs = 1): Promise<Done> {
  const values = await Promise.all(tasks.map((task) => compute(unpackTask(task))));
  const count = tasks.length;
  const ages = Float64Array.from({ length: 2 * count }, (_, i) => taskMs * (count - Math.ceil(i / 2)));
  return { op: 'done', batch, thread: 0, count, ages, values: packValue(values) };
}

const withValues = (done: Done, change: (value: number) => number | string): Done => ({
  ...done,
  values: packValue((unpackValue(done.values) as number[]).map(change)),
});

/** What a liar may send in place of an honest answer; several messages, if it replays. */
const LIES: Readonly<Record<string, (done: Done, other: Done | undefined) => readonly Done[]>> = {
  'wrong by one': (done) => [withValues(done, (value) => value + 1)],
  'wrong by a lot': (done) => [withValues(done, (value) => value - 50)],
  'not a number': (done) => [withValues(done, () => NaN)],
  'a text': (done) => [withValues(done, () => 'many')],
  'no values': (done) => [{ ...done, values: new Uint8Array([0xc1]) }],
  'another guest’s batch': (done, other) => [other ?? done],
  'the last answer again': (done, other) => [{ ...(other ?? done), batch: done.batch }, done],
};

/** Drives a machine with guests that answer in a random order, until everything is counted. */
async function play(seed: string, machine: RoomMachine, guests: number, liars: number): Promise<Set<string>> {
  const random = seedrandom(seed);
  const pick = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)];
  const here = Array.from({ length: guests }, (_, i) => ({
    key: key(i),
    lie: i < liars ? pick(Object.values(LIES)) : undefined,
    last: undefined as Done | undefined,
  }));
  const present = new Map<number, (typeof here)[number]>();
  const assigned: { readonly peer: number; readonly assign: Assign }[] = [];
  const checks: number[] = [];
  let now = 0;
  let peers = 1;
  let over = false;
  const post = (event: RoomEvent) => {
    for (const action of machine.handle(event, now)) perform(action);
  };
  const perform = (action: RoomAction) => {
    if (action.type === 'check') checks.push(action.task);
    else if (action.type === 'over') over = true;
    else if ('reason' in action) present.delete(action.peer);
    else if (action.message.op === 'assign')
      for (const peer of action.peers) if (present.has(peer)) assigned.push({ peer, assign: action.message });
  };
  const open = (guest: (typeof here)[number]) => {
    const peer = peers++;
    present.set(peer, guest);
    post({ type: 'opened', peer, key: guest.key, name: guest.key });
    post({ type: 'message', peer, message: hello });
  };
  for (const guest of here) open(guest);
  for (let steps = 0; !over; steps++) {
    if (steps > 20_000) throw new Error(`${seed}: the room does not end`);
    now += 10;
    const chance = random();
    if (chance < 0.02 && present.size > 0) {
      // A lid is closed, and perhaps opened again.
      const [peer, guest] = pick([...present]);
      present.delete(peer);
      post({ type: 'closed', peer, reason: 'closed', blame: false });
      if (random() < 0.9) open(guest);
    } else if (chance < 0.7 && assigned.length > 0) {
      const [{ peer, assign }] = assigned.splice(Math.floor(random() * assigned.length), 1);
      const guest = present.get(peer);
      if (!guest) continue;
      const done = await honest(assign);
      const sent = guest.lie && random() < 0.5 ? guest.lie(done, pick(here).last) : [done];
      guest.last = done;
      for (const message of sent) post({ type: 'message', peer, message });
    } else if (checks.length > 0) {
      const [task] = checks.splice(Math.floor(random() * checks.length), 1);
      post({ type: 'checked', task, inside: await compute(machine.options.work.taskOf(task)) });
    } else post({ type: 'tick' });
  }
  return new Set([...machine.guests.values()].filter(({ lied }) => lied).map(({ key }) => key));
}

/**
 * Drives a machine in simulated time, with guests of one thread that take `tasksMs` for a task. What is to be checked is,
 * at once. @returns when all was counted (ms)
 */
async function playInTime(
  machine: RoomMachine,
  tasksMs: readonly number[],
  onAssign = (_peer: number, _tasks: number) => {},
): Promise<number> {
  const alarms: { readonly at: number; readonly run: () => void | Promise<void> }[] = [];
  const running = new Map<number, number>(); // each peer's batch
  let now = 0;
  let over = false;
  const post = async (event: RoomEvent) => {
    for (const action of machine.handle(event, now)) await perform(action);
  };
  const perform = async (action: RoomAction): Promise<void> => {
    if (action.type === 'over') over = true;
    else if (action.type === 'check')
      await post({
        type: 'checked',
        task: action.task,
        inside: await compute(machine.options.work.taskOf(action.task)),
      });
    else if ('reason' in action) running.delete(action.peer);
    else for (const peer of action.peers) await hear(peer, action.message);
  };
  const hear = async (peer: number, message: FromScheduler) => {
    if (message.op === 'stop' && running.get(peer) === message.batch) {
      running.delete(peer);
      const ages = new Float64Array(0);
      await post({
        type: 'message',
        peer,
        message: { op: 'done', batch: message.batch, count: 0, ...none, ages },
      });
    }
    if (message.op !== 'assign') return;
    running.set(peer, message.batch);
    onAssign(peer, message.tasks.length);
    const taskMs = tasksMs[peer - 1];
    const run = async () => {
      if (running.get(peer) !== message.batch) return;
      running.delete(peer);
      await post({ type: 'message', peer, message: await honest(message, taskMs) });
    };
    alarms.push({ at: now + taskMs * message.tasks.length, run });
  };
  const tick = async () => {
    await post({ type: 'tick' });
    alarms.push({ at: now + 250, run: tick });
  };
  await tick();
  for (const [i] of tasksMs.entries()) {
    await post({ type: 'opened', peer: i + 1, key: key(i), name: `guest ${i}` });
    await post({ type: 'message', peer: i + 1, message: hello });
  }
  while (!over) {
    alarms.sort((a, b) => a.at - b.at);
    const next = alarms.shift()!;
    if (next.at > 3_600_000) throw new Error('the room does not end within an hour');
    now = next.at;
    await next.run();
  }
  return now;
}

describe('the room', () => {
  test.each([
    ['50 times slower', 50 * 400],
    ['asleep', Infinity],
  ])(
    'is not held up by a device that is %s: others get what it has, and the wall says so',
    async (_, slowMs) => {
      const fast = Array<number>(9).fill(400);
      const without = await playInTime(room(), fast);
      const machine = room();
      const withSlow = await playInTime(machine, [...fast, slowMs]);
      expect(withSlow / without).toBeLessThan(1.2);
      expect(machine.trust.inside).toBe(countInside(keyOfSeed(SEED), 0, 6400));
      expect(machine.guests.get(key(9))).toMatchObject({ lentAgain: 1 });
      expect(machine.news.filter(({ kind }) => kind === 'slow')).toMatchObject([
        { guest: 'guest 9', text: 'is slow; one of its tasks was lent again' },
      ]);
    },
  );

  test('gives each device batches by its own pace: a slow one gets one task, where a fast one gets several', async () => {
    const sizes = [new Set<number>(), new Set<number>()];
    await playInTime(room(), [10, 900], (peer, size) => sizes[peer - 1].add(size));
    expect(Math.max(...sizes[0])).toBeGreaterThan(4);
    expect([...sizes[1]]).toEqual([1]);
  });

  test('with everything checked, 200 rooms of which 30 % lie count the exact integer, and name no honest guest', async () => {
    const exact = countInside(keyOfSeed(SEED), 0, 6400);
    let named = 0;
    let copies = 0;
    for (let i = 0; i < 200; i++) {
      const seed = `room-${i}`;
      const machine = room();
      const liars = await play(seed, machine, 20, 6);
      expect([seed, machine.trust.inside, machine.trust.samples]).toEqual([seed, exact, 6400]);
      expect([seed, [...liars].filter((key) => Number(key.split('-').at(-1)) >= 6)]).toEqual([seed, []]);
      named += liars.size;
      copies += machine.news.filter(({ text }) => text.startsWith('is slow')).length;
    }
    expect(named).toBeGreaterThan(200);
    expect(copies).toBeGreaterThan(100);
  });

  test('honest rooms that check 5 % count the exact integer, whoever leaves and comes back', async () => {
    const exact = countInside(keyOfSeed(SEED), 0, 6400);
    for (let i = 0; i < 50; i++) {
      const random = seedrandom(`check-${i}`);
      const machine = room({ share: 0.05, random });
      expect(await play(`honest-${i}`, machine, 12, 0)).toEqual(new Set());
      expect(machine.trust.inside).toBe(exact);
    }
  });
});

/** One guest that has joined a room, and what the machine wants of it. */
function joined(machine = room()) {
  const post = (event: RoomEvent, now = 0) => machine.handle(event, now);
  const first = post({ type: 'opened', peer: 1, key: 'key-of-ana-0000', name: 'Ana' });
  const actions = [...first, ...post({ type: 'message', peer: 1, message: hello })];
  const assign = actions.flatMap((action) =>
    action.type === 'send' && action.message.op === 'assign' ? [action.message] : [],
  )[0];
  return { machine, post, assign };
}

const FORGED: readonly (readonly [string, (assign: Assign) => ToScheduler])[] = [
  ['a submit', () => ({ op: 'submit', kind: 'count', tasks: [] })],
  ['a cancel', () => ({ op: 'cancel', ids: [0, 1, 2] })],
  ['a client’s hello', () => ({ ...hello, role: 'client' })],
  ['a status’s hello', () => ({ ...hello, role: 'status' })],
  [
    'a task that failed',
    ({ batch }) => ({ op: 'done', batch, count: 0, ...none, error: { name: 'Error', message: 'no' } }),
  ],
  ['a lost thread', ({ batch }) => ({ op: 'done', batch, count: 0, ...none, lost: { at: 0, ended: 'no' } })],
  ['an empty answer', ({ batch }) => ({ op: 'done', batch, count: 0, ...none })],
  [
    'more values than tasks',
    ({ batch }) => ({ op: 'done', batch, count: 9, ...none, ages: new Float64Array(18) }),
  ],
];

test('a room of more threads than a scheduler takes tasks for goes on', () => {
  const machine = room({ samples: 1e12 });
  for (let peer = 1; peer <= 100; peer++) {
    machine.handle({ type: 'opened', peer, key: key(1000 + peer), name: 'x' }, 0);
    const actions = machine.handle({ type: 'message', peer, message: { ...hello, threads: 64 } }, 0);
    const given = actions.filter((action) => action.type === 'send' && action.message.op === 'assign');
    expect(given.length).toBeGreaterThan(0);
  }
});

describe('a guest', () => {
  test.each(FORGED)('that sends %s is sent away, its task goes to another, and no task fails', (_, forge) => {
    const { machine, post, assign } = joined();
    const actions = post({ type: 'message', peer: 1, message: forge(assign) });
    expect(actions.filter(({ type }) => type === 'close')).toMatchObject([{ peer: 1 }]);
    const next = post({ type: 'opened', peer: 2, key: 'key-of-ben-0000', name: 'Ben' });
    const given = [...next, ...post({ type: 'message', peer: 2, message: hello })];
    expect(given.find((action) => action.type === 'send' && action.message.op === 'assign')).toMatchObject({
      peers: [2],
      message: { tasks: [{ key: assign.tasks[0].key }] },
    });
    expect(machine.trust.counted).toBe(0);
  });

  test('that floods the room is sent away', () => {
    const { post } = joined();
    const message = { op: 'started', batch: 5, thread: 0, age: 0 } as const;
    const sent = Array.from({ length: 1000 }, () => post({ type: 'message', peer: 1, message })).flat();
    expect(sent).toMatchObject([{ type: 'close', peer: 1 }]);
  });

  test('is known by its key when it comes back, and the older of two connections is closed for good', () => {
    const { machine, post } = joined();
    const actions = post({ type: 'opened', peer: 2, key: 'key-of-ana-0000', name: 'Ana' });
    expect(actions).toMatchObject([{ type: 'close', peer: 1 }]);
    expect(machine.guests.size).toBe(1);
    expect(machine.news[0]).toMatchObject({ guest: 'Ana', text: 'is back' });
  });

  test('of a name that is taken gets a number, and one without a name is a guest', () => {
    const { machine, post } = joined();
    ['Ana', '\u202eanA', '   ', '<b>Ana</b>'].forEach((name, i) =>
      post({ type: 'opened', peer: 2 + i, key: `key-number-${i}-0000`, name }),
    );
    expect(Array.from(machine.guests.values(), ({ name }) => name)).toEqual([
      'Ana',
      'Ana 2',
      'anA',
      'guest',
      '<b>Ana</b>',
    ]);
  });

  test('that lied may not come back with its key', () => {
    const { post, assign } = joined();
    const values = packValue([-1]);
    const lie = {
      op: 'done',
      batch: assign.batch,
      thread: 0,
      count: 1,
      ages: Float64Array.of(1, 0),
      values,
    } as const;
    expect(post({ type: 'message', peer: 1, message: lie })[0]).toMatchObject({ type: 'close' });
    const back = post({ type: 'opened', peer: 2, key: 'key-of-ana-0000', name: 'Ana' });
    expect(back).toMatchObject([{ type: 'close', peer: 2 }]);
  });

  test('that is overdue by its own pace is cut off, may come back, and another gets its task', async () => {
    const { machine, post, assign } = joined();
    const more = post({ type: 'message', peer: 1, message: await honest(assign) }, 100);
    expect(more.some((action) => action.type === 'send' && action.message.op === 'assign')).toBe(true);
    expect(post({ type: 'tick' }, 4000)).toEqual([]);
    expect(post({ type: 'tick' }, 4200)).toMatchObject([{ type: 'cut', peer: 1 }]);
    expect(machine.news[0]).toMatchObject({ kind: 'slow', guest: 'Ana' });
    const next = post({ type: 'opened', peer: 2, key: 'key-of-ana-0000', name: 'Ana' }, 5000);
    expect([...next, ...post({ type: 'message', peer: 2, message: hello }, 5000)]).toContainEqual(
      expect.objectContaining({ type: 'send', peers: [2] }),
    );
  });

  test('that never says hello is cut off, as one that says nothing more is', () => {
    const machine = room();
    machine.handle({ type: 'opened', peer: 1, key: key(1), name: 'Ana' }, 100);
    expect(machine.handle({ type: 'tick' }, 20_100)).toEqual([]);
    expect(machine.handle({ type: 'tick' }, 20_101)).toMatchObject([{ type: 'cut', peer: 1 }]);
    expect(machine.guests.get(key(1))).toMatchObject({ peer: undefined });
  });

  test('beyond the first 200 is told that the room is full', () => {
    const machine = room();
    const open = (peer: number) =>
      machine.handle({ type: 'opened', peer, key: `key-of-guest-number-${peer}`, name: 'x' }, 0);
    for (let peer = 1; peer <= 200; peer++) expect(open(peer)).toEqual([]);
    expect(open(201)).toMatchObject([{ type: 'close', peer: 201 }]);
  });
});

test.each([1, 63, 64, 1000, 2 ** 31, 1e13, 2 ** 53 - 1])(
  '%d samples are cut into tasks that lose none',
  (samples) => {
    const work = new Work(samples, SEED);
    let sum = 0;
    for (let task = 0; task < work.tasks; task++) sum += work.samplesOf(task);
    expect(sum).toBe(samples);
    expect(work.tasks).toBeLessThanOrEqual(2 ** 18);
  },
);
