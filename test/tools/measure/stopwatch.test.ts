import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { timeInTurn, timeRuns } from '../../../tools/measure/stopwatch.js';

describe('the stopwatch', () => {
  test('runs each function once cold and then `repeats` times, in turn', async () => {
    const order: string[] = [];
    const { a, b } = await timeInTurn({ a: () => order.push('a'), b: () => order.push('b') }, { repeats: 2 });
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    expect([a.value, b.value]).toEqual([5, 6]);
    expect([a.warm.length, b.warm.length]).toEqual([2, 2]);
  });

  test('waits for promises, and counts the time that the processor worked and not the time it waited', async () => {
    const wait = (ms: number) => new Promise<number>((resolve) => setTimeout(() => resolve(ms), ms));
    const { cold, warm, seconds, value } = await timeRuns(wait, [60], { repeats: 3 });
    expect(value).toBe(60);
    for (const run of [cold, ...warm]) {
      expect(run.seconds).toBeGreaterThan(0.05);
      expect(run.cpuSeconds).toBeLessThan(run.seconds);
    }
    expect(seconds.low).toBeLessThanOrEqual(seconds.median);
    expect(seconds.median).toBeLessThanOrEqual(seconds.high);
  });

  test('what the timed code throws comes through', async () => {
    await expect(timeRuns(() => Promise.reject(new RangeError('mine')), [])).rejects.toThrow(RangeError);
  });

  test('fewer than one repeat, and what is no function, are refused', async () => {
    await expect(timeRuns(() => 1, [], { repeats: 0 })).rejects.toThrow(
      'timeRuns: repeats must be an integer from 1',
    );
    await expect(timeRuns(5 as never, [])).rejects.toThrow('must be a function, got 5');
    await expect(timeInTurn({ mine: 5 as never })).rejects.toThrow('mine must be a function, got 5');
  });
});

describe('in a notebook', () => {
  /** Compiles a cell as the kernel does, and gives what it exports. */
  const cell = (source: string): Record<string, unknown> => {
    const { esModuleToCommonJSModule } = createRequire(import.meta.url)('tslab/dist/converter.js') as {
      esModuleToCommonJSModule: (source: string, target: number) => string;
    };
    const exports: Record<string, unknown> = {};
    const code = esModuleToCommonJSModule(source, 9);
    (compileFunction(code, ['exports']) as (exports: object) => void)(exports);
    return exports;
  };

  test('a function that names a top-level variable of the cell is refused, by the name of that variable', async () => {
    const { bad } = cell(
      'export let n = 1e6; export const bad = () => { let s = 0; for (let i = 0; i < n; i++) s += i; return s; };',
    );
    await expect(timeRuns(bad as () => number, [])).rejects.toThrow(
      /uses n from the notebook's top level.*a thousand times slower.*timeRuns\(\(n\) => \.\.\., \[n\]\)/,
    );
  });

  test('so is a function handed over that does', async () => {
    const { helper } = cell('export let total = 0; export const helper = (i: number) => { total += i; };');
    const calls = (add: (i: number) => void) => add(1);
    await expect(timeRuns(calls, [helper as (i: number) => void])).rejects.toThrow('uses total');
    const callsAll = ([add]: ((i: number) => void)[], { also }: { also: (i: number) => void }) => (
      add(1),
      also(1)
    );
    const harmless = (i: number) => void i;
    for (const given of [
      [[helper], { also: harmless }],
      [[harmless], { also: helper }],
    ] as const)
      await expect(timeRuns(callsAll as never, given)).rejects.toThrow('uses total');
    expect((await timeRuns(callsAll as never, [[harmless], { also: harmless }])).value).toBe(undefined);
  });

  test('a call that only passes such a variable on is timed, and one that loops over it is refused', async () => {
    const { call, loop, inner } = cell(
      'export let n = 3; export const double = (n: number) => 2 * n; export const call = () => double(n); ' +
        'export const loop = () => { let s = 0; for (let i = 0; i < n; i++) s += i; return s; }; ' +
        'export const inner = () => [1, 2].map((i) => i * n);',
    ) as Record<string, () => number>;
    expect((await timeInTurn({ call }, { repeats: 1 })).call.value).toBe(6);
    await expect(timeInTurn({ loop })).rejects.toThrow('uses n');
    await expect(timeInTurn({ inner })).rejects.toThrow('uses n');
  });

  test('one that takes all it needs as parameters is timed', async () => {
    const { good } = cell(
      'export let n = 10; export const good = (n: number) => { let s = 0; for (let i = 0; i < n; i++) s += i; return s; };',
    );
    expect((await timeRuns(good as (n: number) => number, [10], { repeats: 1 })).value).toBe(45);
  });
});
