// The checks of notebook 09: the right answer passes; each plausible slip gets a message of its own; none throws.
import { describe, expect, test } from 'vitest';
import { arange } from '../../lib/array/create.js';
import { compute } from '../../lib/array/compute.js';
import { checkCapstone, type Leaf } from '../../lesson/checks/capstone.js';
import type { OwnIntegral } from '../../lesson/checks/own-sum.js';
import { chooseGrains, type SumInput } from '../../lesson/capstone/sum.js';
import { startSerial } from '../../lib/execute/serial.js';
import { claim, fails } from '../support/check-claims.js';

describe('notebook 09', () => {
  test('one number', async () => {
    await claim(checkCapstone.oneNumber, {
      right: [
        ['D', 'E'],
        ['E', 'D'],
      ],
      wrong: [
        [[], /the list is empty/],
        ['DE', /give a list of letters/],
        [['D', 'F'], /'F' is not one of/],
        [['A', 'D', 'E'], /A: another cut puts other terms/],
        [['B'], /B: each subtotal is nearer to the truth/],
        [['C', 'D'], /C: two totals just below and just above/],
        [['D'], /^not yet: D does/],
        [['E'], /^not yet: E does/],
      ],
    });
  });

  test('the number of grains', async () => {
    await claim(checkCapstone.grains, {
      right: [
        (terms: number, largest: number) => 2 ** Math.floor(Math.log2(2 ** 53 / (terms * largest))),
        (terms: number, largest: number) => {
          let grains = 1;
          while (2 * grains * terms * largest <= 2 ** 53) grains *= 2;
          return grains;
        },
      ],
      wrong: [
        [2 ** 28, /must be a function/],
        [() => undefined, /Does it end in a return/],
        [() => '5', /grainsFor\(20000000, 1\) must be a number, but is '5'/],
        [() => 2 ** 53, /a total may be 1\.801e23, beyond/],
        [
          (terms: number, largest: number) =>
            2 ** (53 - Math.ceil(Math.log2(terms)) - Math.ceil(Math.log2(largest))),
          /grainsFor\(10000000, 3\) .* twice as many still fit/,
        ],
        [(terms: number, largest: number) => 2 ** 53 / (terms * largest), /is not a power of two/],
        [(terms: number) => chooseGrains(terms, 1), /is right for terms up to 1\. Here they go up to 3/],
        [
          (terms: number, largest: number) => Math.floor(53 - Math.log2(terms * largest)),
          /is 28: this is the power/,
        ],
        [(terms: number, largest: number) => 2 * chooseGrains(terms, largest), /beyond 2\^53/],
        [(terms: number, largest: number) => chooseGrains(terms, largest) / 2, /twice as many still fit/],
        [fails, /your code stopped with RangeError: oops/],
      ],
    });
  });

  test('points of i * sqrt(2) and i * sqrt(3) lie more evenly than chance; a last term lost is 3e-11', () => {
    const [n, rest] = [1e6, (value: number) => value - Math.floor(value)];
    let inside = 0;
    for (let i = 0; i < n; i++)
      inside += Number(rest(i * Math.SQRT2) ** 2 + rest(i * Math.sqrt(3)) ** 2 <= 1);
    const byChance = Math.sqrt(((Math.PI / 4) * (1 - Math.PI / 4)) / n);
    expect(Math.abs(inside / n - Math.PI / 4)).toBeLessThan(byChance / 10);
    const [terms, last] = [1e7, (1e7 - 0.5) / 1e7];
    expect((Math.sqrt(1 - last * last) / terms).toPrecision(1)).toBe('3e-11');
  });

  test('a sum of one’s own', async () => {
    const frame = { name: 'ln 2', width: 1, largest: 1, expected: Math.LN2, tolerance: 1e-9 };
    const own = (sum: unknown, rest: object = {}) => ({ ...frame, ...rest, sum });
    const heights = (i: number, terms: number) => 1 / (1 + (i + 0.5) / terms);
    const right = ({ start, length, terms, grains }: SumInput) => {
      let total = 0;
      for (let i = start; i < start + length; i++)
        total += Math.floor((1 / (1 + (i + 0.5) / terms)) * grains + 0.5);
      return total;
    };
    const root = ({ start, length, terms, grains }: SumInput) => {
      let total = 0;
      for (let i = start; i < start + length; i++)
        total += Math.round(Math.sqrt(((i + 0.5) / terms) * 4) * grains);
      return total;
    };
    const hits = ({ start, length, grains }: SumInput) => {
      let inside = 0;
      for (let i = start; i < start + length; i++) {
        const [x, y] = [(i * Math.SQRT2) % 1, (i * Math.sqrt(3)) % 1];
        if (x * x + y * y <= 1) inside++;
      }
      return inside * grains;
    };
    await claim(checkCapstone.sum, {
      right: [
        own(right),
        own(root, { width: 4, largest: 2, expected: 16 / 3 }),
        own(hits, { expected: Math.PI / 4, tolerance: 1e-4 }),
      ],
      wrong: [
        [undefined, /mine\.sum must be a function/],
        [own(() => NaN, { name: '' }), /give your sum a name/],
        [own(right, { expected: NaN }), /expected must be a number/],
        [own(right, { width: 0 }), /width and largest must be numbers above 0/],
        [own(right, { tolerance: '1e-9' }), /tolerance must be a number above 0/],
        [
          own(right, { tolerance: 1e9 }),
          /tolerance of 1000000000 many wrong values would pass\. At most 0\.001:/,
        ],
        [own(right, { tolerance: 0.0021, width: 2 }), /At most 0\.002: a thousandth of width \* largest/],
        [own(() => NaN), /must return a number, and returns NaN/],
        [own(() => '5'), /returns '5', a text: leave out the quotes/],
        [{ ...frame, sum() {} }, /Write sum: \(input\) => \.\.\./],
        [own(() => undefined), /mine\.sum returns nothing\. Does it end in a return\?/],
        [
          own((input: SumInput) => heights(input.start, input.terms)),
          /mine\.sum names heights, and only the function's own text travels/,
        ],
        [
          own(({ start, length, terms, grains }: SumInput) => {
            let total = 0;
            for (let i = start; i < start + length; i++) total += grains / (1 + (i + 0.5) / terms);
            return total;
          }),
          /a fraction\. Make each term a whole number of grains/,
        ],
        [
          own(({ start, length, terms, grains }: SumInput) => {
            let total = 0;
            for (let i = start; i < start + length; i++) total += grains / (1 + (i + 0.5) / terms);
            return Math.floor(total + 0.5);
          }),
          /term by term it is \d+ grains, in one piece \d+: round each term, not their sum/,
        ],
        [
          own(({ start, length, terms, grains }: SumInput) => {
            let total = 0;
            for (let i = start; i < start + length; i++) total += Math.floor((0.5 - i / terms) * grains);
            return total;
          }),
          /term \d+ is -\S+: f must be 0 or more/,
        ],
        [own(({ length, grains }: SumInput) => length * 1e9 * grains), /beyond 2\^53/],
        [
          own(({ length, grains }: SumInput) => {
            let total = 0;
            for (let i = 0; i < length; i++) total += Math.floor(Math.random() * grains);
            return total;
          }),
          /the second run gives another number/,
        ],
        [
          own(({ start, length, terms, grains }: SumInput) => {
            let total = 0;
            for (let i = start; i <= start + length; i++)
              total += Math.floor((1 / (1 + (i + 0.5) / terms)) * grains + 0.5);
            return total;
          }),
          /a piece of length 0 has no terms/,
        ],
        [
          own(({ length, terms, grains }: SumInput) => {
            let total = 0;
            for (let i = 0; i < length; i++)
              total += Math.floor((1 / (1 + (i + 0.5) / terms)) * grains + 0.5);
            return total;
          }),
          /every piece begins at term 0/,
        ],
        [
          own(({ start, length, grains }: SumInput) => {
            let total = 0;
            for (let i = start; i < start + length; i++)
              total += Math.floor((1 / (1 + (i - start + 0.5) / length)) * grains + 0.5);
            return total;
          }),
          /must follow from `terms`, all of the sum/,
        ],
        [own(right, { largest: 0.6 }), /term 0 is 0\.99\d+ and `largest` says 0\.6/],
        [own(right, { expected: 0.7 }), /the value is 0\.69314\d+, and you expected 0\.7/],
        [own(right, { width: 2 }), /is expected \* width/],
        [
          own(({ start, length, grains }: SumInput) => {
            let total = 0;
            for (let i = start; i < start + length; i++)
              total += Math.floor((1 / (1 + (i + 0.5) / 1e6)) * grains + 0.5);
            return total;
          }),
          /right with 1e6 terms, but with 1009 the mean of f is 0\.999\d+\. Take/,
        ],
        [own(fails), /your code stopped with RangeError: oops/],
      ],
    });
  });

  test('the sum as an array', async () => {
    const mine = {
      largest: 1,
      sum: ({ start, length, terms, grains }: SumInput) => {
        let total = 0;
        for (let i = start; i < start + length; i++)
          total += Math.floor(Math.sqrt(1 - ((i + 0.5) / terms) ** 2) * grains + 0.5);
        return total;
      },
    } as OwnIntegral;
    const heights = (terms: number, chunks: number, dtype: 'float32' | 'float64' = 'float64') =>
      arange(terms, { dtype, chunks }).add(0.5).divide(terms).square().multiply(-1).add(1).sqrt();
    type Form = (terms: number, chunks: number, grains: number) => unknown;
    const executor = await startSerial();
    const form = (given: Form) => given;
    await claim((answer: Form) => checkCapstone.array(answer, mine), {
      right: [
        form((terms, chunks, grains) =>
          heights(terms, chunks).multiply(grains).add(0.5).astype('integer').sum(),
        ),
      ],
      wrong: [
        [5, /asArray must be a function/],
        [() => undefined, /Does it end in a return/],
        [() => 'sum', /return what a method such as sum\(\) gives, not 'sum'/],
        [
          form((terms, chunks) => compute(heights(terms, chunks).sum(), { executor })),
          /leave out `async` and `compute`/,
        ],
        [
          form((terms, chunks, grains) => heights(terms, chunks).multiply(grains)),
          /the array of all of them/,
        ],
        [
          form((terms, chunks, grains) =>
            heights(terms - 1, chunks)
              .multiply(grains)
              .sum(),
          ),
          /has 999 elements, and should have 1000/,
        ],
        [form((terms, _, grains) => heights(terms, terms).multiply(grains).sum()), /pass chunks on/],
        [form((terms, chunks) => heights(terms, chunks).sum()), /counts no grains/],
        [
          form((terms, chunks, grains) => heights(terms, chunks).multiply(grains).sum()),
          /a fraction: make each term an integer/,
        ],
        [
          form((terms, chunks, grains) => heights(terms, chunks).multiply(grains).astype('integer').sum()),
          /half a grain a term more: astype cuts off/,
        ],
        [
          form((terms, chunks, grains) => {
            const rounded = heights(terms, chunks, 'float32').astype('float64');
            return rounded.multiply(grains).add(0.5).astype('integer').sum();
          }),
          /nearly\. Is the dtype float64/,
        ],
        [
          form((terms, chunks, grains) => {
            const squares = heights(terms, chunks).square();
            return squares.multiply(grains).add(0.5).astype('integer').sum();
          }),
          /Is it the same function, at the same points/,
        ],
        [fails, /your code stopped with RangeError: oops/],
      ],
    });
    await executor.close();
  });

  test('the row that costs most', async () => {
    await claim((answer: string) => checkCapstone.limit(answer, ['imbalance', 'dispatch']), {
      right: ['imbalance', 'dispatch'],
      wrong: [
        [5, /give a row's name as a text, not 5/],
        ['', /name one of these rows/],
        ['waiting', /has no row 'waiting'/],
        ['compute', /compute is what you pay for/],
        ['unexplained', /has no known cause/],
        ['toString', /has no row 'toString'/],
        ['tail', /more thread-seconds than 'tail'/],
      ],
    });
  });

  test('leaves in any order, some of them twice', async () => {
    const sum = (leaves: Iterable<Leaf>) => [...leaves].reduce((total, leaf) => total + leaf.sum, 0);
    const once = (leaves: readonly Leaf[]) => [...new Map(leaves.map((leaf) => [leaf.place, leaf])).values()];
    await claim(checkCapstone.leaves, {
      right: [
        (leaves: readonly Leaf[]) => sum(once(leaves).sort((a, b) => a.place - b.place)),
        (leaves: readonly Leaf[]) => sum(once(leaves).sort((a, b) => a.sum - b.sum)),
      ],
      wrong: [
        [5, /totalOf must be a function/],
        [() => undefined, /must return a number, and returns nothing/],
        [(leaves: readonly Leaf[]) => leaves.length, /the leaves of the first list sum to/],
        [
          (leaves: readonly Leaf[]) => {
            const sums = [...new Set(leaves.map(({ sum }) => sum))].sort((a, b) => a - b);
            return sums.reduce((total, one) => total + one, 0);
          },
          /Some of them have equal sums/,
        ],
        [(leaves: readonly Leaf[]) => Number(sum(once(leaves)).toFixed(10)), /rounding hides the order/],
        [(leaves: readonly Leaf[]) => sum(once(leaves)), /in another order of arrival/],
        [
          (leaves: readonly Leaf[]) => {
            let [total, lost] = [0, 0]; // Neumaier's sum keeps nearly all that is cut off
            for (const leaf of once(leaves)) {
              const next = total + leaf.sum;
              const [large, small] = total >= leaf.sum ? [total, leaf.sum] : [leaf.sum, total];
              lost += large - next + small;
              total = next;
            }
            return total + lost;
          },
          /a better sum still has an order/,
        ],
        [
          (leaves: readonly Leaf[]) => sum([...leaves].sort((a, b) => a.place - b.place)),
          /two leaves that arrived twice/,
        ],
        [fails, /oops/],
      ],
    });
  });
});
