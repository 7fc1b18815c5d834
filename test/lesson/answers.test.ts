// Whatever a learner's code does, a check has a verdict, and never throws: loops, throws, promises, odd kinds, odd errors.
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { EstimatorError } from '../../lib/errors.js';
import { checkCapstone } from '../../lesson/checks/capstone.js';
import { stoppedWith } from '../../lesson/checks/check.js';
import { checkChunked } from '../../lesson/checks/chunked.js';
import { checkCluster } from '../../lesson/checks/cluster.js';
import { limit } from '../../lesson/checks/limit.js';
import { checkPool } from '../../lesson/checks/pool.js';
import { checkProfile } from '../../lesson/checks/profile.js';
import { checkScaling } from '../../lesson/checks/scaling.js';
import { checkSerial } from '../../lesson/checks/serial.js';
import { checkSlurm } from '../../lesson/checks/slurm.js';
import { checkStreams } from '../../lesson/checks/streams.js';
import { inShort } from '../../lesson/refusal.js';
import { said } from '../support/check-claims.js';

type AnyCheck = (answer: unknown, ...more: unknown[]) => unknown;
const every = [
  ...[checkSerial, checkProfile, checkPool, checkStreams, checkChunked],
  ...[checkCluster, checkSlurm, checkScaling, checkCapstone],
].flatMap((checks) => Object.entries(checks) as [string, AnyCheck][]);

const cycle: Record<string, unknown> = {};
cycle.self = cycle;

/** Answers that nobody meant, as values and as functions that return them. */
const odd: [string, unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['a text', 'x'],
  ['a number as a text', '100'],
  ['a BigInt', 10n],
  ['a symbol', Symbol('s')],
  ['NaN', NaN],
  ['-0', -0],
  ['infinity', -Infinity],
  ['a promise', Promise.resolve(1)],
  ['a cycle', cycle],
  ['an object without a prototype', Object.create(null)],
  ['a list with a hole', [, 1]], // eslint-disable-line no-sparse-arrays
  ['a list of lists', [[[]]]],
  ['a list of symbols', [Symbol('s')]],
  ['a getter that throws', { get samples() { throw new Error('no'); }, get block() { throw new Error('no'); } }], // prettier-ignore
  ['a revoked proxy', revoked()],
  ['a class', class {}],
  ['a date', new Date(NaN)],
  ['a long list', new Array(1e6).fill(0)],
];

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** What learners throw. */
const thrown: [string, unknown][] = [
  ['a text', 'oops'],
  ['nothing', undefined],
  ['an object without a prototype', Object.create(null)],
  ['an error whose message is a symbol', Object.assign(new Error(), { message: Symbol('s') })],
  ['an error that cannot be read', revoked()],
];

test.each(every)('check.%s has a verdict on anything', { timeout: 60_000 }, async (_, check) => {
  const without: string[] = [];
  const hear = async (name: string, answer: unknown) => {
    const verdict = await said(() => check(answer, []), undefined);
    if (!/^not yet: [^]/.test(verdict)) without.push(`${name}: ${verdict}`);
  };
  for (const [name, value] of odd) {
    await hear(name, value);
    await hear(`a function that returns ${name}`, () => value);
  }
  for (const [name, value] of thrown)
    await hear(`a function that throws ${name}`, () => {
      throw value;
    });
  expect(without).toEqual([]);
});

describe('a function that never ends is stopped, and its loop is named', () => {
  const { ms } = limit;
  beforeEach(() => void (limit.ms = 500));
  afterAll(() => void (limit.ms = ms));

  test('while, after five seconds outside these tests', async () => {
    expect(ms).toBe(5000);
    const verdict = await said(checkSerial.years, () => {
      while (true);
    });
    expect(verdict).toMatch(
      /^not yet: your code was stopped: it had not ended after 0\.5 s\. Does `while \(true\)/,
    );
  });

  test('for, one of two', async () => {
    const verdict = await said(checkPool.shares, (total: number, parts: number) => {
      const list: number[] = [];
      for (let i = 0; i < parts; i++) list.push(0);
      for (let i = 0; i < total; i += 0) list[0]++;
      return list;
    });
    expect(verdict).toMatch(
      /Does `for \(let i = 0; i < parts; i\+\+\).*` or `for \(let i = 0; i < total; i \+= 0\).*` ever end\?/,
    );
  });

  test('a list that grows for ever, before it ends the whole process', { timeout: 60_000 }, async () => {
    limit.ms = 60_000; // the list is what ends it, however slow the machine
    const verdict = await said(checkPool.shares, () => {
      const list: number[] = [];
      while ((list.length + 1) * 2 > 0) list.push(1);
      return list;
    });
    expect(verdict).toBe(
      'not yet: your code was stopped: a list had a million elements, and was still growing. Does `while ((list.length + 1) * 2 > 0)` ever end? Or does it take billions of steps?',
    );
    expect(Array.prototype.push.name).toBe('push');
  });

  test('in a function that gives a lazy number', async () => {
    const verdict = await said(checkChunked.ball, () => {
      for (;;);
    });
    expect(verdict).toMatch(/Does `for \(; ?; ?\) ?;?` ever end\?/);
  });

  test('in a sum that runs as a task, on a thread that is ended', { timeout: 60_000 }, async () => {
    limit.ms = ms; // it has to start a thread
    const mine = {
      ...{ name: 'mine', width: 1, largest: 1, expected: 1, tolerance: 1e-4 },
      sum: () => {
        while (true);
      },
    };
    expect(await said(checkCapstone.sum, mine)).toMatch(/Does `while \(true\)/);
  });

  test('in a field that is read before anything runs', async () => {
    const mine = {
      get sum(): never {
        while (true);
      },
    };
    expect(await said(checkCapstone.sum, mine)).toMatch(/^not yet: your code was stopped: it had not ended/);
  });

  test('after an `await`, where nothing could stop it: an async function is not even called', async () => {
    const endless = async (): Promise<never> => {
      await Promise.resolve();
      for (;;);
    };
    for (const judge of [checkSerial.years, checkChunked.ball, checkCapstone.leaves] as AnyCheck[])
      expect(await said((answer) => judge(answer), endless)).toMatch(/^not yet: .*leave out `async`/);
  });

  test('but one that throws these very words has only thrown them', async () => {
    const verdict = await said(checkSerial.years, () => {
      throw new Error('it had not ended after 5 s');
    });
    expect(verdict).toBe('not yet: your code stopped with Error: it had not ended after 5 s');
  });

  test('one that calls itself for ever runs out of stack', async () => {
    const endless = (): number => endless() + 1;
    expect(await said(checkSerial.years, endless)).toMatch(/your code stopped with RangeError/);
  });
});

test.each([
  ['a promise', Promise.resolve(1), /a promise: leave out `async`/],
  ['a BigInt', 5n, /5n, a BigInt: leave out the n/],
  ['a text', '5', /'5', a text: leave out the quotes/],
  ['a function', Math.sqrt, /a function: call it/],
])('%s in place of a number is named, with what to do', async (_, value, words) => {
  expect(await said(checkSerial.years, () => value)).toMatch(words);
  expect(await said(checkSerial.digit, value)).toMatch(words);
});

test('so is a promise in place of any other answer', async () => {
  const later = Promise.resolve(1);
  const verdicts = [
    await said(checkStreams.place, async () => 1),
    await said(checkCapstone.leaves, async () => 1),
    await said(checkCluster.here, () => [later]),
    await said(checkPool.breaks, later),
    await said(checkSlurm.script, later),
    await said(checkCapstone.oneNumber, later),
    await said((answer: string) => checkCapstone.limit(answer, ['dispatch']), later),
  ];
  expect(verdicts).toEqual(verdicts.map(() => expect.stringMatching(/a promise: leave out `async`/)));
});

test('an interrupt is the learner’s own, and no error of the answer', () => {
  const error = new EstimatorError('INTERRUPTED', 'the run was ended by an interrupt.');
  expect(stoppedWith(error)).toBe('you interrupted the check. Run the cell again.');
});

test('a refused cell: one argument too many may be a decimal comma, and what follows from an unknown name is left out', () => {
  const hints = (line: string) => inShort([line]).slice(1);
  for (const numbers of ['1 arguments, but got 2', '2 arguments, but got 3', '3 arguments, but got 4'])
    expect(hints(`1:9 - Expected ${numbers}.`)).toEqual(['1:9 - A decimal number? Write 1.8, not 1,8.']);
  for (const numbers of ['2 arguments, but got 1', '1 arguments, but got 0', '1 arguments, but got 12'])
    expect(hints(`1:9 - Expected ${numbers}.`)).toEqual([]);
  const names = ["1:1 - Cannot find name 'pool'.", "1:1 - Cannot find name 'few'."];
  const follows = "1:44 - Parameter 'pool' of exported function has or is using private name 'Executor'.";
  expect(inShort([...names, follows])).toEqual(inShort(names));
});
