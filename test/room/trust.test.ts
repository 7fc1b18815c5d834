import seedrandom from 'seedrandom';
import { describe, expect, test } from 'vitest';
import { Trust, chanceToCatch, type TrustAction, type TrustOptions } from '../../room/trust.js';

const SAMPLES = 100;
/** What each task gives if it is counted honestly. */
const right = (task: number) => 70 + ((task * 7919) % 17);
const sum = (tasks: number) => Array.from({ length: tasks }, (_, i) => right(i)).reduce((a, b) => a + b, 0);

function trust(options: Partial<TrustOptions> = {}): Trust {
  return new Trust({ tasks: 10, share: 0.05, random: () => 0.99, samplesOf: () => SAMPLES, ...options });
}

/** Ways to lie about a task: each gives another value than the right one. */
const LIES: readonly ((task: number) => unknown)[] = [
  (task) => right(task) + 1,
  (task) => right(task) - 40,
  () => NaN,
  () => '77',
  () => SAMPLES + 1,
  (task) => right(task + 1), // another batch's
  () => right(3), // the same answer again and again
];
const LIE_NAMES = ['by one', 'by a lot', 'not a number', 'a text', 'too many', 'another batch’s', 'replayed'];

describe('trust', () => {
  test('the first result of each guest is checked, later ones with the chance that was asked for', () => {
    const draws = [0.06, 0.04];
    const machine = trust({ random: () => draws.shift()! });
    const deliver = (task: number, guest: string) =>
      machine.handle({ type: 'delivered', task, guest, value: right(task) });
    expect(deliver(0, 'ana')).toEqual([{ type: 'check', task: 0 }]);
    expect(deliver(1, 'ana')).toEqual([]);
    expect(deliver(2, 'ana')).toEqual([{ type: 'check', task: 2 }]);
    expect(deliver(3, 'ben')).toEqual([{ type: 'check', task: 3 }]);
  });

  test('a wrong count exposes its guest, the right one counts, and all its other tasks are done again', () => {
    const machine = trust();
    machine.handle({ type: 'delivered', task: 0, guest: 'ana', value: right(0) });
    machine.handle({ type: 'delivered', task: 1, guest: 'ben', value: right(1) + 1 });
    machine.handle({ type: 'delivered', task: 2, guest: 'ben', value: right(2) });
    machine.handle({ type: 'delivered', task: 3, guest: 'ana', value: right(3) });
    expect(machine.handle({ type: 'checked', task: 0, value: right(0) })).toEqual([]);
    expect(machine.handle({ type: 'checked', task: 1, value: right(1) })).toEqual([
      { type: 'expose', guest: 'ben', task: 1, claimed: right(1) + 1, right: right(1) },
      { type: 'redo', tasks: [2] },
    ]);
    expect(machine).toMatchObject({
      inside: right(0) + right(1) + right(3),
      samples: 3 * SAMPLES,
      counted: 3,
    });
  });

  test('a value that is no count of the task exposes its guest without a check', () => {
    for (const value of [NaN, Infinity, -1, 0.5, SAMPLES + 1, '77', null, undefined, [77], { inside: 77 }]) {
      expect(trust().handle({ type: 'delivered', task: 5, guest: 'ben', value })).toEqual([
        { type: 'expose', guest: 'ben', task: 5, claimed: value },
        { type: 'redo', tasks: [5] },
      ]);
    }
  });

  test('after a guest is exposed nothing of it counts: what it still delivers is done again', () => {
    const machine = trust();
    machine.handle({ type: 'delivered', task: 0, guest: 'ben', value: -1 });
    const late = machine.handle({ type: 'delivered', task: 1, guest: 'ben', value: right(1) });
    expect(late).toEqual([{ type: 'redo', tasks: [1] }]);
    expect(machine).toMatchObject({ inside: 0, counted: 0 });
  });

  test('a liar with several checks under way is exposed once, and the checked tasks keep the right counts', () => {
    const machine = trust({ share: 1, random: () => 0 });
    for (const task of [0, 1])
      machine.handle({ type: 'delivered', task, guest: 'ben', value: right(task) + 1 });
    expect(machine.handle({ type: 'checked', task: 0, value: right(0) })).toHaveLength(2);
    expect(machine.handle({ type: 'checked', task: 1, value: right(1) })).toEqual([]);
    expect(machine).toMatchObject({ inside: right(0) + right(1), counted: 2, proven: 2 });
  });

  test('it has finished only when everything is counted and every check is back', () => {
    const machine = trust({ tasks: 2 });
    machine.handle({ type: 'delivered', task: 0, guest: 'ana', value: right(0) });
    machine.handle({ type: 'delivered', task: 1, guest: 'ana', value: right(1) });
    expect(machine.finished).toBe(false);
    machine.handle({ type: 'checked', task: 0, value: right(0) });
    expect(machine.finished).toBe(true);
  });

  test('the chance of catching a liar is 1 - (1 - p)^k, and certain where all is checked', () => {
    expect([1, 10, 100].map((lies) => chanceToCatch(0.05, lies))).toEqual([
      1 - 0.95,
      1 - 0.95 ** 10,
      1 - 0.95 ** 100,
    ]);
    expect(chanceToCatch(1, 1)).toBe(1);
    expect(chanceToCatch(0.05, 0)).toBe(0);
  });
});

/** Plays a room: guests take open tasks in turn, checks come back late, until the machine has finished. */
function play(seed: string, guests: number, liars: number, tasks: number, share: number) {
  const random = seedrandom(seed);
  const machine = trust({ tasks, share, random });
  const open = Array.from({ length: tasks }, (_, i) => i);
  const here = Array.from({ length: guests }, (_, i) => ({
    name: `guest-${i}`,
    lie: i < liars ? LIES[Math.floor(random() * LIES.length)] : undefined,
  }));
  const checks: number[] = [];
  const exposed = new Set<string>();
  const perform = (actions: readonly TrustAction[]) => {
    for (const action of actions) {
      if (action.type === 'check') checks.push(action.task);
      else if (action.type === 'redo') open.push(...action.tasks);
      else exposed.add(action.guest);
    }
  };
  for (let steps = 0; !machine.finished; steps++) {
    if (steps > 1000 * tasks) throw new Error(`${seed}: the room does not end`);
    if (open.length > 0 && (checks.length === 0 || random() < 0.8)) {
      const task = open.shift()!;
      const working = here.filter(({ name }) => !exposed.has(name));
      const { name, lie } = working[Math.floor(random() * working.length)];
      const value = lie && random() < 0.5 ? lie(task) : right(task);
      perform(machine.handle({ type: 'delivered', task, guest: name, value }));
    } else {
      const [task] = checks.splice(Math.floor(random() * checks.length), 1);
      perform(machine.handle({ type: 'checked', task, value: right(task) }));
    }
  }
  return { machine, exposed };
}

describe('simulated rooms', () => {
  test('with everything checked, 200 rooms of which 30 % lie have the exact integer, and no honest guest is exposed', () => {
    for (let i = 0; i < 200; i++) {
      const seed = `room-${i}`;
      const { machine, exposed } = play(seed, 40, 12, 400, 1);
      expect([seed, machine.inside, machine.samples]).toEqual([seed, sum(400), 400 * SAMPLES]);
      const honest = [...exposed].filter((name) => Number(name.slice('guest-'.length)) >= 12);
      expect([seed, honest]).toEqual([seed, []]);
    }
  });

  test.each(LIES.map((lie, i) => [LIE_NAMES[i], lie] as const))(
    'a lie %s is found out where all is checked',
    (_, lie) => {
      const machine = trust({ share: 1, random: () => 0 });
      const [first] = machine.handle({ type: 'delivered', task: 8, guest: 'ben', value: lie(8) });
      const [told] =
        first.type === 'check' ? machine.handle({ type: 'checked', task: 8, value: right(8) }) : [first];
      expect(told.type).toBe('expose');
    },
  );

  test.each([1, 5, 20, 60])(
    'in 10 000 rooms that check a twentieth, a guest who lies %i times is caught as often as the formula says',
    (lies) => {
      const rooms = 10_000;
      let caught = 0;
      for (let room = 0; room < rooms; room++) {
        const machine = trust({ tasks: lies + 1, random: seedrandom(`${lies}-${room}`) });
        // The first one is always checked: a clever liar is honest then.
        machine.handle({ type: 'delivered', task: 0, guest: 'ben', value: right(0) });
        machine.handle({ type: 'checked', task: 0, value: right(0) });
        const found = Array.from({ length: lies }, (_, i) => i + 1).some((task) => {
          const [check] = machine.handle({ type: 'delivered', task, guest: 'ben', value: right(task) + 1 });
          return check && machine.handle({ type: 'checked', task, value: right(task) })[0].type === 'expose';
        });
        if (found) caught++;
      }
      const expected = chanceToCatch(0.05, lies);
      const error = Math.sqrt((expected * (1 - expected)) / rooms);
      expect(Math.abs(caught / rooms - expected), `caught ${caught} of ${rooms}`).toBeLessThan(3.5 * error);
    },
  );
});
