import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../lib/task/evaluate.js';
import { runProgram, take, type Program } from '../../lib/task/program.js';
import type { Expression, Kernel, Step } from '../../lib/task/task.js';

const uniform: Step = { op: 'uniform', key: [1, 2], stream: 0, dtype: 'float32' };
const half: Step = { op: 'constant', value: 0.5, dtype: 'float32' };
const less: Step = { op: 'less', args: [0, 1], dtype: 'bool' };
const whole: Expression = { steps: [uniform], reduce: 'none' };
const kernels: readonly Kernel[] = ['reference', 'simd'];

/** The same type and bytes; toEqual would look at long arrays for seconds. */
function expectSame(got: unknown, expected: Float32Array | Float64Array): void {
  expect(got).toBeInstanceOf(expected.constructor);
  expect(Buffer.from((got as Float32Array).buffer).equals(Buffer.from(expected.buffer))).toBe(true);
}

describe('a program', () => {
  test.each(kernels)('gives what its outputs give alone, bit by bit, on any range (%s)', (kernel) => {
    const below: Expression = {
      steps: [{ op: 'chunk', chunk: 0, dtype: 'float32' }, half, less],
      reduce: 'none',
    };
    const program: Program = {
      arrays: [whole, below],
      outputs: [
        ...(['sum', 'min', 'max', 'count'] as const).map((reduce) => ({
          gives: 'number' as const,
          expression: { steps: [{ op: 'chunk' as const, chunk: 0, dtype: 'float32' as const }], reduce },
        })),
        { gives: 'elements', from: 0 },
        { gives: 'indices', from: 1 },
        { gives: 'compress', from: 0, by: 1 },
        { gives: 'moments', from: 0 },
      ],
    };
    const property = fc.property(fc.nat(200_000), fc.nat(70_000), (start, length) => {
      const alone = (reduce: Expression['reduce']): unknown =>
        evaluate({ expression: { ...whole, reduce }, start, length, chunks: [], kernel });
      const elements = alone('none') as Float32Array;
      const [sum, min, max, count, all, indices, selected, moments] = runProgram({
        program,
        start,
        length,
        chunks: [],
        kernel,
      }) as unknown[];
      expect([sum, min, max, count]).toEqual([alone('sum'), alone('min'), alone('max'), alone('count')]);
      expectSame(all, elements);
      const below = [...elements.keys()].filter((i) => elements[i] < 0.5);
      expectSame(
        indices,
        Float64Array.from(below, (i) => start + i),
      );
      expectSame(
        selected,
        Float32Array.from(below, (i) => elements[i]),
      );
      const [n, mean, squares] = moments as Float64Array;
      expect(n).toBe(length);
      if (length === 0) return;
      const exact = elements.reduce((a, b) => a + b, 0) / length;
      expect(mean).toBeCloseTo(exact, 12);
      expect(squares / length).toBeCloseTo(elements.reduce((a, b) => a + (b - exact) ** 2, 0) / length, 12);
    });
    fc.assert(property, { numRuns: 6 });
  });

  test('of one output gives that, not a list of it', () => {
    const program: Program = { arrays: [whole], outputs: [{ gives: 'elements', from: 0 }] };
    expect(runProgram({ program, start: 7, length: 3, chunks: [], kernel: 'reference' })).toEqual(
      evaluate({ expression: whole, start: 7, length: 3, chunks: [], kernel: 'reference' }),
    );
  });
});

test('take finds elements by their index in the whole, and keeps their type', () => {
  expect(
    take({ indices: Float64Array.of(12, 10, 12), elements: Float32Array.of(1.5, -0, NaN), start: 10 }),
  ).toEqual(Float32Array.of(NaN, 1.5, NaN));
  expect(take({ indices: new Float64Array(0), elements: new Uint8Array(0), start: 0 })).toEqual(
    new Uint8Array(0),
  );
});
