import { describe, expect, test } from 'vitest';
import { where } from '../../lib/array/array.js';
import { plan } from '../../lib/array/compute.js';
import { arange, random } from '../../lib/array/create.js';
import { explain } from '../../lib/array/explain.js';

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

  test('draws takes and selections, and more than one result', () => {
    const x = arange(6, { chunks: 3 });
    const { svg, after } = explain(x.take(where(x.less(4))).add(1), x.sum(), x.compress(x.less(2)));
    expect(svg?.before).not.toMatch(/undefined|NaN/);
    expect(svg?.after.match(/<rect/g)?.length).toBe(after.tasks + 1);
  });
});

describe('fusion', () => {
  test('makes one layer of what shares its chunks, whatever the number of results', () => {
    const i = inside(100, 10);
    const { layers } = plan([i.sum(), i.mean(), where(i), i.not().sum()]);
    expect(layers.length).toBe(1);
    expect(layers[0].outputs.map(({ gives }) => gives).sort()).toEqual(['count', 'count', 'indices']);
  });

  test('keeps apart what has nothing in common', () => {
    expect(plan([arange(10).sum(), arange(10).max()]).layers.length).toBe(2);
  });

  test('each layer comes after those it reads', () => {
    const x = arange(60, { chunks: 7 });
    const few = x.compress(x.less(9));
    const { layers } = plan([few.sum(), x.sum(), x.take(where(x.less(5))).add(1), few.add(few).max()]);
    const seen = new Set<string>();
    for (const { key, inputs, from } of layers) {
      for (const input of [...inputs, ...(from ? [from] : [])])
        if ('layer' in input) expect(seen).toContain(input.layer);
      seen.add(key);
    }
  });

  test('a graph is plain data: it survives being copied as such', () => {
    const graph = plan([inside(100, 10).sum()]);
    expect(structuredClone(graph)).toEqual(graph);
  });
});
