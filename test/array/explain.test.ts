import { describe, expect, test } from 'vitest';
import { where } from '../../lib/array/array.js';
import { arange, fromArray, random } from '../../lib/array/create.js';
import { explain } from '../../lib/array/explain.js';
import { plan } from '../../lib/array/plan.js';

function inside(n: number, chunks: number) {
  const x = random.uniform(n, { chunks, stream: 'x' });
  const y = random.uniform(n, { chunks, stream: 'y' });
  return x.square().add(y.square()).lessEqual(1);
}

describe('explain', () => {
  test('counts tasks, bytes moved and the peak of a chunk, before fusion and after', () => {
    const { before, after } = explain(inside(4000, 1000).sum());
    // A float32 chunk is 4 kB, one of bools 1 kB. Made: x, x*x, y, y*y, the sum, the bools. Read: 1, 1, 2, 1, and the bools.
    expect(before.layers.map(({ operations }) => operations[0])).toEqual([
      'uniform',
      'multiply',
      'uniform',
      'multiply',
      'add',
      'lessEqual',
      'sum',
    ]);
    expect([before.tasks, before.bytesMoved]).toEqual([28, 4 * (5 * 4000 + 1000 + 5 * 4000 + 1000 + 8)]);
    expect(before.peakBytesPerChunk).toBe(12_000); // x*x, y and y*y
    expect([after.tasks, after.bytesMoved, after.peakBytesPerChunk]).toEqual([4, 32, 8]);
  });

  test('gives a table, and a picture of a small graph only', () => {
    const small = explain(inside(40, 10).sum());
    const large = explain(inside(1e6, 10).sum());
    expect(small.table.split('\n').length).toBe(11);
    expect(large.table).toMatch(/^after fusion +100000 +800\.0 kB +8 B$/m);
    expect(small.svg?.before.match(/<rect/g)?.length).toBe(29); // the tasks, and the sum of all chunks
    expect(small.svg?.after.match(/<rect/g)?.length).toBe(5);
    expect(large.svg).toBeUndefined();
  });

  test('draws indices and values in memory', () => {
    const x = fromArray([1, 2, 3, 4, 5, 6], { chunks: 3 });
    const { svg, before, after } = explain(where(x.less(4)));
    expect(svg?.before).not.toMatch(/undefined|NaN|Infinity/);
    expect(svg?.before.match(/<rect/g)?.length).toBe(4); // less and where, no box for what is in memory
    // Before: 6 float64 in, bools out and in, at most 6 indices out.
    expect([before.bytesMoved, after.bytesMoved]).toEqual([48 + 6 + 6 + 48, 48 + 48]);
    expect(explain(x)).toMatchObject({ before: { tasks: 0 }, after: { tasks: 0 } });
  });
});

describe('fusion', () => {
  test('makes one layer of any expression, whose steps draw each stream once', () => {
    const i = inside(100, 10);
    for (const wanted of [i, i.sum(), i.mean(), where(i), where(i, i, i.not()).count()]) {
      const layers = plan(wanted.node);
      expect(layers.length).toBe(1);
      expect(layers[0].expression.steps.filter(({ op }) => op === 'uniform').length).toBe(2);
    }
  });

  test('reads what is in memory once, however often an expression names it', () => {
    const x = fromArray([1, 2, 3], { chunks: 2 });
    const [{ inputs, operations }] = plan(x.square().add(x).divide(3).sum().node);
    expect([inputs, operations]).toEqual([[x.node], ['multiply', 'add', 'divide', 'sum']]);
  });

  test('each layer of an unfused plan comes after those it reads', () => {
    const x = arange(60, { chunks: 7 });
    const layers = plan(where(x.less(9), x.square(), x.add(x)).sum().node, false);
    expect(layers.map(({ operations }) => operations)).toEqual([
      ['arange'],
      ['less'],
      ['multiply'],
      ['add'],
      ['where'],
      ['sum'],
    ]);
    const seen = new Set<string>();
    for (const { node, inputs } of layers) {
      for (const input of inputs) expect(seen).toContain(input.key);
      seen.add(node.key);
    }
  });

  test('a plan is plain data: it survives being copied as such', () => {
    const layers = plan(inside(100, 10).sum().node);
    expect(structuredClone(layers)).toEqual(layers);
  });
});
