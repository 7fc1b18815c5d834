// The checks of notebooks 01 and 03: the right answer passes; each plausible slip gets a message of its own; none throws.
import { describe, expect, test } from 'vitest';
import { checkPool } from '../../lesson/checks/pool.js';
import { checkSerial } from '../../lesson/checks/serial.js';
import { wrapped } from '../../lesson/notebook.js';
import { samplesForDigits } from '../../tools/measure/laws.js';
import { countInside } from '../../lib/sampling/kernel.js';
import { partition } from '../../lib/sampling/partition.js';
import type { Key } from '../../lib/sampling/seed.js';
import { claim, fails, said } from '../support/check-claims.js';

test('a long text is cut between words into lines of at most 100 characters; lines that fit stay', () => {
  const fits = `${'fits '.repeat(20).trim()}\n\n  so does this`;
  expect(wrapped(fits)).toBe(fits);
  const lines = wrapped(`${'long '.repeat(60)}\n${'x'.repeat(120)} y`).split('\n');
  expect(lines.map(({ length }) => length)).toEqual([99, 99, 100, 120, 1]);
  expect(lines.join(' ').split(/ +/)).toHaveLength(62);
});

describe('notebook 01', () => {
  test('the price of a digit', async () => {
    await claim(checkSerial.digit, {
      right: [100],
      wrong: [
        [NaN, /replace NaN/],
        ['100', /give a number, not '100'/],
        [10, /3\.2 times smaller/],
        [3.16, /the other way round/],
        [20, /is not 20 times/],
        [1000, /with 1 000 times the samples the error is 31\.6 times smaller/],
        [10 ^ 2, /\^ 2 is no power/],
        [0.01, /the answer is a factor/],
      ],
    });
  });

  test('samples for an error', async () => {
    const factor = Math.sqrt(Math.PI * (4 - Math.PI));
    await claim(checkSerial.samplesFor, {
      right: [(e: number) => Math.ceil((factor / e) ** 2), (e: number) => Math.ceil((1.64 / e) ** 2)],
      wrong: [
        [() => undefined, /Does it end in a return/],
        [NaN, /must be a function/],
        [() => NaN, /must be a number, but is NaN/],
        [() => '5', /must be a number, but is '5'/],
        [(e: number) => Math.ceil(factor / e), /square both sides/],
        [(e: number) => Math.ceil(1 / e ** 2), /which number is divided by sqrt/],
        [(e: number) => Math.ceil(1.64 / e ** 2), /you square 1\.64 too/],
        [(e: number) => (factor / e) ** 2, /is 2.*: its decimals are not shown\. Round up/],
        [(e: number) => String(Math.ceil((factor / e) ** 2)), /is '2696767', a text: leave out String\./],
        [(e: number) => ((factor / e) ** 2).toFixed(), /is '2696766', a text: leave out toFixed/],
        [(e: number) => Math.floor((factor / e) ** 2), /is 2 696 766: this is one sample too few/],
        [(e: number) => Math.floor((1.64 / e) ** 2), /is 2 689 599: this is one sample too few/],
        [
          (e: number) => Math.round((1.64 / e) ** 2),
          /samplesFor\(0\.00003\) is 2 988 444 444: this is one sample too few/,
        ],
        [() => -5, /is -5: nobody can draw that many/],
        [(e: number) => (factor / e) ^ 2, /In TypeScript, \^ is no power/],
        [(e: number) => (e === 0.001 ? 2_696_767 : undefined), /samplesFor\(0\.00003\) gives nothing back/],
        [
          () => 2_696_767,
          /samplesFor\(0\.00003\) is 2 696 767: with that many samples the error is 0\.00100/,
        ],
        [
          (e: number) => 1.64 / Math.sqrt(e),
          /samplesFor\(0\.001\) is 51\.86: with that many samples the error is 0\.228/,
        ],
        [fails, /your code stopped with RangeError: oops/],
      ],
    });
  });

  test('years for digits', async () => {
    const seconds = (digits: number, nanoseconds: number) => samplesForDigits(digits) * nanoseconds * 1e-9;
    const year = 365.25 * 24 * 3600;
    await claim(checkSerial.years, {
      right: [
        (d: number, ns: number) => seconds(d, ns) / year,
        (d: number, ns: number) => seconds(d, ns) / 3.156e7,
      ],
      wrong: [
        [() => undefined, /Does it end in a return/],
        [9, /must be a function/],
        [() => [1], /must be a number, but is an array of 1/],
        [seconds, /those are seconds/],
        [(d: number, ns: number) => (samplesForDigits(d) * ns) / year, /a nanosecond is 1e-9/],
        [(d: number) => seconds(d, 1) / year, /right for 1 nanosecond a sample only/],
        [
          (d: number, ns: number) => seconds(d - 1, ns) / year,
          /yearsFor\(10, 3\) is 1 025: it should be 102 500/,
        ],
        [fails, /oops/],
      ],
    });
  });

  test('counting in pieces', async () => {
    const inPieces = (
      starts: (i: number, size: number) => number,
      last: (rest: number, size: number) => number,
    ) => {
      return (key: Key, total: number, size: number) => {
        const whole = Math.floor(total / size);
        let count = 0;
        for (let i = 0; i < whole; i++) count += countInside(key, starts(i, size), size);
        return count + countInside(key, starts(whole, size), last(total % size, size));
      };
    };
    const ends = (i: number, size: number) => i * size;
    await claim(checkSerial.pieces, {
      right: [
        inPieces(ends, (rest) => rest),
        (key: Key, ...rest: [number, number]) => inPieces(ends, (left) => left)(key, ...rest),
        (key: Key, total: number, size: number, whole = Math.floor(total / size)) =>
          countInside(key, 0, whole * size) + countInside(key, whole * size, total - whole * size),
      ],
      wrong: [
        [() => undefined, /Does it end in a return/],
        [undefined, /must be a function/],
        [() => [1], /must be a number, but is an array of 1/],
        [(k: Key, t: number, _s: number) => countInside(k, 0, t), /never reads `size`/],
        [inPieces(ends, () => 0), /the last 100 samples are in no piece/],
        [inPieces(ends, (_, size) => size), /continues to sample 1 200/],
        [
          inPieces(
            () => 0,
            (rest) => rest,
          ),
          /every piece starts at sample 0/,
        ],
        [
          (key: Key, total: number) => countInside(key, 1, total - 1) + 7,
          /Where does each piece start and end/,
        ],
        [
          (key: Key, total: number, size: number) => {
            let count = 0;
            for (let start = 0; start < total; start += size)
              count += countInside(key, start, start + size < total ? size : total % size);
            return count;
          },
          /countInPieces\(key, 196608, 65536\) is 102 961: in one go it is 154 360/,
        ],
        [
          (key: Key, total: number, size: number) => {
            const rest = (Math.floor(total / size) - 1) * size; // the last piece takes all that is left
            return countInside(key, 0, rest) + countInside(key, rest, total - rest);
          },
          /in countInPieces\(key, 10, 100\), your code stopped with InvalidArgumentError: /,
        ],
        [fails, /oops/],
      ],
    });
  });
});

describe('notebook 03', () => {
  test('an input that loses samples', async () => {
    await claim(checkPool.breaks, {
      right: [
        { samples: 10, cores: 3 },
        { samples: 3, cores: 4 },
        { samples: 1e9, cores: 12 },
      ],
      wrong: [
        [{ samples: NaN, cores: NaN }, /replace NaN/],
        ['10 on 3', /two numbers, not '10 on 3'/],
        [undefined, /two numbers, not /],
        [{ samples: 2.5, cores: 2 }, /whole numbers/],
        [{ samples: 0, cores: 3 }, /you ask for nothing/],
        [{ samples: 10, cores: 1 }, /needs a cut/],
        [{ samples: 1e9, cores: 8 }, /1 000 000 000 on 8: 125 000 000 for each, and none is lost/],
      ],
    });
    expect(await said(checkPool.breaks, { samples: 1e9, cores: 12 })).toMatch(/; 4 in no share/);
  });

  const even = (total: number, parts: number) => [...partition(total, parts)];
  const samples = (total: number, parts: number) => even(total, parts).map((part) => part.samples);

  test('four workers on two cores', async () => {
    await claim(checkPool.cores, {
      right: [2],
      wrong: [
        [NaN, /replace NaN/],
        [[2], /give a number, not an array of 1/],
        [4, /which core runs them/],
        [1, /that is true of promises/],
        [8, /cannot multiply/],
        [3, /3 is not it/],
      ],
    });
  });

  test('the shares', async () => {
    const list = (parts: number, share: (i: number) => number) =>
      Array.from({ length: parts }, (_, i) => share(i));
    const floor = (total: number, parts: number) => list(parts, () => Math.floor(total / parts));
    await claim(checkPool.shares, {
      right: [samples, (total: number, parts: number) => samples(total, parts).reverse()],
      wrong: [
        [() => [], /the list is empty/],
        [() => undefined, /shares returns nothing\. Does it end in a return/],
        [() => 3, /shares\(10, 3\) must be a list, but is 3/],
        [5, /must be a function/],
        [() => ['4', '3', '3'], /share 0 is '4', a text: leave out the quotes/],
        [(_: number, parts: number) => list(parts, () => undefined!), /share 0 is nothing/],
        [
          (_: number, parts: number) => new Set(list(parts, (i) => i)),
          /an object \(Set\): make a list of it/,
        ],
        [floor, /shares\(10, 3\): the shares sum to 9, not 10\. Where is the remainder/],
        [
          (total: number, parts: number) => list(parts, () => Math.ceil(total / parts)),
          /sum to 12, not 10\. Who asked for the other 2/,
        ],
        [
          (total: number, parts: number) => list(parts, () => total / parts),
          /nobody can draw 3\.33\d* samples/,
        ],
        [
          (total: number, parts: number) => [...floor(total, parts), total % parts],
          /a list of 4 for 3 workers/,
        ],
        [
          (total: number, parts: number) =>
            floor(total, parts).map((share, i) => (i === 0 ? share + (total % parts) : share)),
          /shares\(3, 4\): one worker has 3 samples and another 0/,
        ],
        [() => [4, 3, 3], /shares\(3, 4\): a list of 3 for 4 workers/],
        [fails, /oops/],
      ],
    });
  });

  test('the pieces', async () => {
    await claim(checkPool.pieces, {
      right: [even],
      wrong: [
        [() => [], /the list is empty/],
        [() => ({}), /pieces\(10, 3\) must be a list/],
        ['pieces', /must be a function/],
        [samples, /a piece is \{ start, samples \}/],
        [
          (total: number, parts: number) => even(total, parts).map((part) => ({ ...part, start: 0 })),
          /every piece starts at sample 0, so all workers draw the same points/,
        ],
        [
          (total: number, parts: number) =>
            even(total, parts).map((part, i) => ({ ...part, start: part.start + i })),
          /piece 1 starts at 5 but should start at 4, so some samples are in no piece/,
        ],
        [
          (total: number, parts: number) =>
            even(total, parts).map((part, i) => ({ ...part, start: part.start - i })),
          /so some samples are counted twice/,
        ],
        [(total: number, parts: number) => even(total - 1, parts), /sum to 9, not 10/],
        [fails, /oops/],
      ],
    });
  });

  test('the error of workers that are seeded alike', async () => {
    await claim(checkPool.errorFactor, {
      right: [2],
      wrong: [
        [NaN, /replace NaN/],
        [null, /give a number/],
        [4, /the square root of their number/],
        [1, /that of one worker/],
        [0.5, /the larger one/],
        [3, /3 is not it/],
      ],
    });
  });
});
