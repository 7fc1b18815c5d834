// The evidence: what the rubric gives points for, and what the page says.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { arange } from '../../lib/array/create.js';
import { saveEvidence } from '../../lesson/capstone/save.js';
import { InvalidArgumentError } from '../../lib/errors.js';
import type { SumInput } from '../../lesson/capstone/sum.js';
import { startSerial } from '../../lib/execute/serial.js';
import { describeMachine } from '../../lib/machine.js';
import {
  RUBRIC,
  judgeEvidence,
  limitingRows,
  pointsOf,
  speedUpOf,
  type Evidence,
} from '../../lesson/capstone/evidence.js';
import {
  forecast,
  measureOnce,
  measureStages,
  type Forecast,
  type Measured,
  type MeasuredStage,
} from '../../lesson/capstone/measure.js';
import { evidencePage } from '../../lesson/capstone/page.js';
import type { Ledger } from '../../tools/measure/ledger.js';
import type { Executor } from '../../lib/task/executor.js';
import { taskModule } from '../../lib/task/module.js';

const folder = mkdtempSync(join(tmpdir(), 'lola-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const times = (seconds: number, runs = 5, value = 100) => ({
  cold: { seconds: 2 * seconds, cpuSeconds: seconds },
  warm: Array.from({ length: runs }, () => ({ seconds, cpuSeconds: seconds })),
  seconds: { median: seconds, low: 0.9 * seconds, high: 1.1 * seconds },
  cpuSeconds: { median: seconds, low: seconds, high: seconds },
  value,
});
const stage = (name: string, workers: number, seconds: number, total = 100): MeasuredStage => ({
  stage: name,
  workers,
  totals: [1, 2, 3, 16].map((pieces) => ({ pieces, total })),
  times: times(seconds, 5, total),
});
const row = (name: 'compute' | 'dispatch' | 'imbalance' | 'cores slowed', share: number) => ({
  name,
  seconds: share,
  share,
});
const ledger: Ledger = {
  threads: 2,
  makespanSeconds: 0.5,
  rows: [row('dispatch', 0.05), row('compute', 0.78), row('cores slowed', 0.02), row('imbalance', 0.15)],
};
const full: Evidence = {
  title: 'a <b>bold</b> sum & more',
  by: 'Lola "L" <script>',
  machine: describeMachine(),
  sum: { operation: 'own', terms: 10, grains: 10, width: 1 },
  code: 'export const own = (a) => a < 1 && a > 0;',
  expected: 1.0005,
  tolerance: 0.001,
  largest: 1,
  forecasts: [
    { by: 'you', speedUp: 1.9, why: 'two cores', at: 500_000 },
    { by: 'Amdahl', speedUp: 1.95, why: '99 % can be shared', at: 600_000 },
  ],
  measured: {
    began: 1_000_000,
    firstBegan: 1_000_000,
    pieces: 16,
    stages: [
      stage('serial', 1, 1),
      stage('pool', 2, 0.5),
      stage('chunked', 2, 4),
      stage('distributed', 2, 0.8),
    ],
  },
  notRun: { slurm: 'This host knows no <Slurm>.' },
  ledger,
  limit: 'imbalance',
  verdict: 'The pool, from 1e6 terms on.\nSmaller pieces.',
  doubts: 'Nothing else ran.',
};
/** The points of one line, and why, when some of the evidence is otherwise. */
const line = (number: number, changes: Partial<Evidence>) => {
  const { points, why } = judgeEvidence({ ...full, ...changes })[number];
  return [points, why];
};
const stages = (...all: MeasuredStage[]): Partial<Evidence> => ({
  measured: { ...full.measured, stages: all },
});

describe('the rubric', () => {
  test('is ten points, seven of them for a program to judge', () => {
    expect(RUBRIC.reduce((sum, { most }) => sum + most, 0)).toBe(10);
    expect(pointsOf(judgeEvidence(full))).toEqual({ given: 7, judged: 7, open: 3 });
  });

  test('stands in the episode as it is', () => {
    const episode = readFileSync(new URL('../../episodes/09-capstone.md', import.meta.url), 'utf8');
    const rows = [...episode.matchAll(/^\| (.+?) +\| (\d) +\| (the kit|a person) +\|$/gm)];
    const judged = judgeEvidence(full).map(({ item, most, points }) => [
      item,
      String(most),
      points === undefined ? 'a person' : 'the kit',
    ]);
    expect(rows.map(([, ...row]) => row)).toEqual(judged);
  });

  test('equal results', () => {
    const [serial, pool, chunked, distributed] = full.measured.stages;
    expect(line(0, {})).toEqual([2, 'all 16 totals are 100']);
    expect(line(0, stages(serial, pool, chunked, stage('distributed', 2, 1, 101)))).toEqual([
      0,
      '16 totals, 2 of them different',
    ]);
    const late = { ...pool, totals: [...pool.totals, { pieces: 16, total: 99 }] };
    expect(line(0, stages(serial, late, chunked, distributed))).toEqual([
      0,
      '17 totals, 2 of them different',
    ]);
    expect(line(0, stages(serial, pool, distributed))).toEqual([
      1,
      'all 12 totals are equal; not run: chunked',
    ]);
    const halves = [1, 2, 3, 4].map((i) =>
      stage(['serial', 'pool', 'chunked', 'distributed'][i - 1], 1, 1, 0.5),
    );
    expect(line(0, stages(...halves))).toEqual([0, 'the total, 0.5, is no exact integer']);
    const few = { ...distributed, totals: distributed.totals.slice(0, 2) };
    expect(line(0, stages(serial, pool, chunked, few))).toEqual([
      1,
      'all 14 totals are equal; three cuts or more would show more',
    ]);
    const once = { stage: 'slurm', workers: 2, totals: [{ pieces: 16, total: 100 }] }; // a queue stands before each cut
    expect(line(0, stages(...full.measured.stages, once))).toEqual([2, 'all 17 totals are 100']);
    expect(line(0, stages())).toEqual([0, 'nothing was run']);
  });

  test('the value, near a known one, where near means something', () => {
    expect(line(1, {})).toEqual([1, 'off by 0.00050; 0.001 was allowed']);
    expect(line(1, { tolerance: 0.0001 })[0]).toBe(0);
    expect(line(1, { expected: NaN })).toEqual([0, 'no value to compare with was given']);
    expect(line(1, { tolerance: 1e9 })).toEqual([
      0,
      '1e9 was allowed; more than 0.001 shows nothing here'.replace('1e9', '1000000000'),
    ]);
    expect(line(1, { tolerance: 0.0011 })[0]).toBe(0);
    expect(line(1, { tolerance: 0.0011, largest: 2 })[0]).toBe(1);
    expect(line(1, { tolerance: NaN })[0]).toBe(0);
    expect(line(1, stages())).toEqual([0, 'nothing was run']);
  });

  test('a prediction counts if it has a number and a reason, and came first', () => {
    const own = (change: object) => ({ forecasts: [{ ...full.forecasts[0], ...change }, full.forecasts[1]] });
    expect(line(2, {})).toEqual([1, 'written 500 s before the first run']);
    expect(line(2, own({ at: 1_000_001 }))).toEqual([0, 'it was written when the sum had been measured']);
    expect(line(2, own({ speedUp: NaN }))).toEqual([0, 'no number was predicted']);
    expect(line(2, own({ why: ' ' }))).toEqual([0, 'it has no reason']);
    expect(line(2, { forecasts: [] })[0]).toBe(0);
  });

  test('a model beside the measurement', () => {
    const [own, model] = full.forecasts;
    expect(line(3, {})).toEqual([1, 'predicted by Amdahl']);
    expect(line(3, { forecasts: [own] })[0]).toBe(0);
    expect(line(3, { forecasts: [own, { ...model, at: 2e6 }] })[0]).toBe(0);
    expect(line(3, stages(full.measured.stages[0]))[0]).toBe(0);
  });

  test('ranges', () => {
    const [serial, pool] = full.measured.stages;
    expect(line(4, stages(serial, { ...pool, times: times(0.5, 4) }))[0]).toBe(0);
    expect(line(4, stages({ ...serial, times: undefined }))).toEqual([0, 'nothing was timed']);
    expect(line(4, stages(serial, { ...pool, times: undefined }))[0]).toBe(1);
  });

  test('the row that costs most, compute left out', () => {
    expect(limitingRows(ledger)).toEqual(['imbalance']);
    expect(
      limitingRows({ rows: [row('dispatch', 0.051), row('imbalance', 0.055), row('compute', 0.9)] }),
    ).toEqual(['imbalance', 'dispatch']);
    expect(line(5, { limit: 'dispatch' })).toEqual([0, 'named was dispatch; the ledger says imbalance']);
    expect(line(5, { limit: '' })).toEqual([0, 'no row is named']);
  });

  test('what a person judges gets no points from the kit, and nothing written gets none at all', () => {
    expect(line(6, {})).toEqual([undefined, 'for a person to judge']);
    expect(line(6, { verdict: ' \n' })).toEqual([0, 'nothing is written']);
    expect(line(7, { doubts: '' })[0]).toBe(0);
  });
});

describe('the page', () => {
  const page = evidencePage(full);

  test('shows all of the evidence, and what readers wrote as text', () => {
    for (const text of [
      'a &lt;b&gt;bold&lt;/b&gt; sum &amp; more',
      'Lola &quot;L&quot; &lt;script&gt;',
      'export const own = (a) =&gt; a &lt; 1 &amp;&amp; a &gt; 0;',
      '<strong>7 of the 7 points that a program can judge.</strong> 3 more are for a person to give.',
      'one integer from every stage, in every cut',
      'slurm: not run. This host knows no &lt;Slurm&gt;.',
      '<th scope="row">you</th><td class="number">1.90</td><td class="number">2.00</td><td class="number">-5.0 %</td><td>before</td>',
      'Named as the row that costs most: <strong>imbalance</strong>',
      '<blockquote>The pool, from 1e6 terms on.\nSmaller pieces.</blockquote>',
      '<td class="number">1 (0.9 to 1.1)</td>',
      '<th scope="row" class="number">16</th><td class="number">100</td><td class="number">100</td>',
      '__ of 2',
      '1970-01-01',
    ])
      expect(page).toContain(text);
    expect(page).not.toContain('<script');
  });

  test('needs nothing from elsewhere, and names no user or path', () => {
    expect(page.match(/(?:src|href)="(?!data:)[^"]*"/g)).toBeNull();
    expect(page).toContain("default-src 'none'");
    expect(page).not.toContain(process.cwd());
  });

  test('says that results differ, and what is not written', () => {
    const [serial, ...others] = full.measured.stages;
    const wrong = evidencePage({
      ...full,
      ...stages(stage('serial', 1, 1, 99), ...others),
      verdict: '',
      limit: '',
    });
    expect(wrong).toContain('<span class="bad">Not equal:</span> 2 different totals.');
    expect(wrong).toContain('Nothing is written yet.');
    expect(wrong).toContain('No row is named');
    expect(evidencePage({ ...full, ...stages() })).toContain('Nothing was run.');
    const alone = evidencePage({ ...full, ...stages(serial, stage('pool', 1, 1)), forecasts: [] });
    expect(alone).toContain('With one worker a speed-up is not measurable here.');
  });

  test('has a column for a stage that ran once', () => {
    const once = { stage: 'slurm', workers: 2, totals: [{ pieces: 16, total: 100 }] };
    const withSlurm = evidencePage({ ...full, notRun: {}, ...stages(...full.measured.stages, once) });
    expect(withSlurm).toContain('<td>not run</td></tr>');
    expect(
      withSlurm.match(/<th scope="row" class="number">16<\/th>(<td[^>]*>100<\/td>){5}<\/tr>/g)?.length,
    ).toBe(1);
  });

  test('is saved where one says, and refused where one cannot', () => {
    const file = saveEvidence(full, join(folder, 'own.html'));
    expect(readFileSync(file, 'utf8')).toBe(page);
    expect(() => saveEvidence(full, join(folder, 'own.txt'))).toThrow('must end in .html');
    expect(() => saveEvidence(full, join(folder, 'none', 'own.html'))).toThrow(InvalidArgumentError);
  });
});

describe('measuring', () => {
  test('runs each stage in each cut and then in turn, and keeps when it began', async () => {
    const ones = ({ length }: SumInput) => length;
    const executor = await startSerial({ tasks: [taskModule({ ones })] });
    const sum = { operation: 'ones', terms: 1000, grains: 1, width: 1 };
    const early = forecast('you', 1, 'one core');
    const array = (terms: number, chunks: number) => arange(terms, { chunks }).multiply(0).add(1).sum();
    const measured = await measureStages(
      sum,
      { serial: { executor }, chunked: { executor, array } },
      {
        cuts: [1, 7],
        pieces: 4,
        repeats: 2,
      },
    );
    expect(early.at).toBeLessThanOrEqual(measured.began);
    expect(
      measured.stages.map(({ stage: name, totals, times: t }) => [name, totals, t?.warm.length, t?.value]),
    ).toEqual(
      ['serial', 'chunked'].map((name) => [
        name,
        [
          { pieces: 1, total: 1000 },
          { pieces: 7, total: 1000 },
          { pieces: 4, total: 1000 },
        ],
        2,
        1000,
      ]),
    );
    expect(await measureOnce(sum, 'slurm', { executor }, 3)).toEqual({
      stage: 'slurm',
      workers: 1,
      totals: [{ pieces: 3, total: 1000 }],
    });
    const ready = { serial: { executor, array: () => 5 as never } };
    await expect(measureStages(sum, ready)).rejects.toThrow(
      'must give a number that is not computed yet, got 5',
    );
    await executor.close();
  });

  test('a total that came out otherwise in one timed run alone is not equal', async () => {
    const serial = await startSerial({ tasks: [taskModule({ ones: ({ length }: SumInput) => length })] });
    let runs = 0;
    const seldom: Executor = {
      workers: 1,
      // One run in each cut, a cold one, and then the second of three warm ones.
      run: async (tasks, options) => (++runs === 4 ? [999] : serial.run(tasks, options)),
      close: () => serial.close(),
    };
    const sum = { operation: 'ones', terms: 1000, grains: 1, width: 1 };
    const measured = await measureStages(sum, { pool: { executor: seldom } }, { cuts: [1], repeats: 3 });
    expect(measured.stages[0].totals).toEqual([
      { pieces: 1, total: 1000 },
      { pieces: 16, total: 1000 },
      { pieces: 16, total: 999 },
    ]);
    expect(line(0, { measured })).toEqual([0, '3 totals, 2 of them different']);
    await seldom.close();
  });

  test('who predicts when the sum has been measured is late, also where it is measured anew after that', async () => {
    const executor = await startSerial({
      tasks: [
        taskModule({ ones: ({ length }: SumInput) => length, twos: ({ length }: SumInput) => 2 * length }),
      ],
    });
    const measure = (operation: string) =>
      measureStages(
        { operation, terms: 77, grains: 1, width: 1 },
        { serial: { executor } },
        { cuts: [1], repeats: 1 },
      );
    const early = forecast('you', 1, 'one core');
    const first = await measure('ones');
    const late = forecast('you', 1.1, 'I have seen it');
    const model = forecast('Amdahl', 1.2, 'costs of today');
    const again = await measure('ones');
    expect([first.firstBegan, again.firstBegan]).toEqual([first.began, first.began]);
    expect(again.began).toBeGreaterThan(first.began);
    const points = (own: Forecast, measured: Measured) => line(2, { forecasts: [own, model], measured })[0];
    expect([points(early, first), points(early, again), points(late, again)]).toEqual([1, 1, 0]);
    // The cell is run once more with the same words: they were written at the first time.
    expect(points(forecast('you', 1, 'one core'), again)).toBe(1);
    // A model's number comes out otherwise each time, and tells nothing of who has looked.
    const timed = { ...full.measured, began: again.began, firstBegan: first.began };
    expect(line(3, { forecasts: [early, model], measured: timed })[0]).toBe(1);
    const page = evidencePage({ ...full, forecasts: [late, model], measured: timed });
    expect([...page.matchAll(/<td>(before|after)<\/td>/g)].map(([, when]) => when)).toEqual([
      'after',
      'before',
    ]);
    // Another sum has not been measured yet.
    expect(points(late, await measure('twos'))).toBe(1);
    await executor.close();
  });

  test('speed-ups are of medians, and only of what was timed', () => {
    expect(speedUpOf(full, 'pool')).toEqual({ median: 2, low: 1 / 0.55, high: 1 / 0.45 });
    expect(speedUpOf(full, 'slurm')).toBeUndefined();
  });

  test('a forecast is a number above 0', () => {
    expect(() => forecast('you', 0, '')).toThrow('the speed-up must be a number above 0, got 0');
    expect(() => forecast('you', '2' as never, '')).toThrow("got '2'");
    expect(() => forecast('you', Infinity, '')).toThrow('got Infinity');
    expect(forecast('you', NaN, '').speedUp).toBeNaN();
  });
});
