// The checks of notebooks 02, 04 and 08: the right answer passes; each plausible slip gets a message of its own; none throws.
import { describe, test } from 'vitest';
import { checkProfile } from '../../lesson/checks/profile.js';
import { checkScaling } from '../../lesson/checks/scaling.js';
import { checkStreams } from '../../lesson/checks/streams.js';
import { claim } from '../support/check-claims.js';

describe('notebook 02', () => {
  test('amdahl', async () => {
    await claim(checkProfile.amdahl, {
      right: [(p: number, s: number) => 1 / (1 - p + p / s)],
      wrong: [
        [5, /must be a function of parallel and faster/],
        [() => undefined, /Does it end in a return/],
        [() => NaN, /must be a number, but is NaN/],
        [(p: number, s: number) => 1 - p + p / s, /speedUp\(0\.73, 2\) is 0\.635: that is the new time/],
        [(p: number, s: number) => 1 / (p + (1 - p) / s), /the serial share is faster/],
        [(p: number, s: number) => p * s, /is 1\.46: .*not of speed/],
        [(p: number, s: number) => 1 - p + p * s, /is 1\.73: .*not of speed/],
        [() => 7, /speedUp\(0\.73, 2\) is 7: it should be 1\.575\. Begin/],
        [
          (p: number, s: number) => Number((1 / (1 - p + p / s)).toFixed(2)),
          /it should be 1\.57\d*\. Do not round it/,
        ],
      ],
    });
  });

  test('limit', async () => {
    await claim(checkProfile.limit, {
      right: [1 / 0.27, 3.7],
      wrong: [
        ['3.7', /give a number/],
        [NaN, /replace NaN/],
        [Infinity, /the 27 % that stay/],
        [1 / 0.73, /if 73 % stayed serial/],
        [2, /2 is not it/],
      ],
    });
  });

  test('karp-flatt', async () => {
    await claim(checkProfile.karpFlatt, {
      right: [(s: number, p: number) => (1 / s - 1 / p) / (1 - 1 / p)],
      wrong: [
        [5, /must be a function/],
        [() => undefined, /Does it end in a return/],
        [() => NaN, /must be a number/],
        [(s: number, p: number) => 1 - s / p, /the efficiency that was lost/],
        [(s: number, p: number) => 1 - (1 / s - 1 / p) / (1 - 1 / p), /the parallel part/],
        [() => 0.01, /it should be 0\.0751/],
        [() => 0.075, /it should be 0\.0751\d*\. Do not round it/],
      ],
    });
  });
});

describe('notebook 04', () => {
  test('twins', async () => {
    const pairs = (counts: readonly number[]) =>
      counts.flatMap((one, i) => counts.slice(i + 1).filter((other) => other === one)).length;
    await claim(checkStreams.twins, {
      right: [pairs],
      wrong: [
        [5, /must be a function of counts/],
        [() => NaN, /must be a number/],
        [(counts: readonly number[]) => 2 * pairs(counts), /each pair is counted twice/],
        [(counts: readonly number[]) => 2 * pairs(counts) + counts.length, /its own twin/],
        [
          (counts: readonly number[]) => new Set(counts).size,
          /\[785, 785, 785, 785\]\) is 1: that is how many different ones there are/,
        ],
        [() => 9, /is 9: it should be 6/],
      ],
    });
  });

  test('spread', async () => {
    await claim(checkStreams.spread, {
      right: [4],
      wrong: [
        ['4', /give a number/],
        [NaN, /replace NaN/],
        [16, /only 1\/16 of the points/],
        [1, /look at the table/],
        [2, /2 is not it\. What do 1, 4 and 9 workers give in the table\?/],
      ],
    });
  });

  test('place', async () => {
    const place = (i: number) => ({
      block: Math.floor(i / 65_536),
      lane: i % 4,
      step: Math.floor((i % 65_536) / 4),
    });
    await claim(checkStreams.place, {
      right: [place],
      wrong: [
        [5, /must be a function of i/],
        [() => undefined, /Does it end in a return/],
        [() => 7, /place\(0\) must be \{ block, lane, step \}, but is 7/],
        [
          (i: number) => ({ ...place(i), block: i >> 16 }),
          /place\(1125899906842630\): `>>` and `\|` work on 32 bits/,
        ],
        [(i: number) => ({ ...place(i), lane: 0 }), /place\(5\): lane must be 1, but is 0/],
        [(i: number) => ({ ...place(i), lane: NaN }), /lane must be 0, but is NaN\.$/],
        [
          (i: number) => ({ ...place(i), block: i / 65_536 }),
          /block must be 0, but is 0\.00007629: round down/,
        ],
        [(i: number) => ({ ...place(i), step: i % 65_536 }), /place\(5\): step must be 1, but is 5/],
      ],
    });
    for (const block of [(i: number) => (i / 65_536) | 0, (i: number) => i >>> 16])
      await claim(checkStreams.place, {
        right: [],
        wrong: [[(i: number) => ({ ...place(i), block: block(i) }), /`\|` work on 32 bits/]],
      });
  });
});

describe('notebook 08', () => {
  test('efficiency', async () => {
    await claim(checkScaling.efficiency, {
      right: [(one: number, many: number, workers: number) => one / many / workers],
      wrong: [
        [5, /must be a function of serialSeconds, seconds and workers/],
        [() => NaN, /must be a number/],
        [(one: number, many: number) => one / many, /that is the speed-up/],
        [(one: number, many: number, workers: number) => (many * workers) / one, /upside down/],
        [() => 0.1, /it should be 0\.5478/],
        [() => 12.766 / 1.942 / 12, /efficiency\(12, 4, 4\) is 0\.5478: it should be 0\.75/],
      ],
    });
  });

  test('worthwhile', async () => {
    const real = (serial: number, least: number) => 1 + (1 / least - 1) / serial;
    const byTrial = (serial: number, least: number) => {
      let workers = 1;
      while (1 / ((workers + 1) * serial + 1 - serial) >= least) workers++;
      return workers;
    };
    await claim(checkScaling.worthwhile, {
      right: [
        byTrial,
        (serial: number, least: number) => Math.floor(real(serial, least)),
        (s: number, e: number) => Math.floor((1 - e) / (e * s)) + 1,
        (s: number, e: number) => Math.floor((1 - e + e * s) / (e * s)),
        (s: number, e: number) => 1 + Math.floor((1 - e) / e / s),
        (s: number, e: number) => {
          let n = 1;
          while (1 / (s + (1 - s) / (n + 1)) / (n + 1) >= e) n++;
          return n;
        },
      ],
      wrong: [
        [5, /must be a function/],
        [() => undefined, /Does it end in a return/],
        [real, /a part of a worker/],
        [(serial: number) => Math.floor(1 / serial), /the highest speed-up of all/],
        [(serial: number, least: number) => Math.ceil(real(serial, least)), /that many reach 59\.9 %/],
        [(serial: number, least: number) => Math.floor(real(serial, least)) - 1, /one more worker would/],
        [
          (serial: number, least: number) => Math.ceil((1 / least - 1) / serial),
          /worthwhile\(0\.25, 0\.5\) is 4: .* one more/,
        ],
        [() => 0, /one worker alone/],
        [() => Infinity, /that many reach 0\.0 %/],
      ],
    });
  });

  test('rounds', async () => {
    await claim(checkScaling.rounds, {
      right: [5],
      wrong: [
        ['5', /give a number/],
        [NaN, /replace NaN/],
        [8, /And then/],
        [10, /need 10 threads/],
        [1.25, /in the second round/],
        [3, /3 is not it/],
        [4.9, /4\.9 is not it/],
      ],
    });
  });

  test('rows', async () => {
    await claim(checkScaling.rows, {
      right: [
        { smaller: 'imbalance', larger: 'transfer' },
        { smaller: 'imbalance', larger: 'dispatch' },
        { smaller: 'imbalance', larger: 'compute' },
      ],
      wrong: [
        [undefined, /name two of these rows/],
        [{ smaller: 'imbalanc', larger: 'dispatch' }, /no row 'imbalanc'/],
        [{ smaller: 'tail', larger: 'dispatch' }, /do not make 'tail' smaller/],
        [{ smaller: 'imbalance', larger: 'lost' }, /do not make 'lost' larger/],
        [{ smaller: 'imbalance', larger: 'imbalance' }, /do not make 'imbalance' larger/],
      ],
    });
  });
});
