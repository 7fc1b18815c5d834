import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidArgumentError } from '../../lib/errors.js';
import { evaluate, type Evaluation } from '../../lib/task/evaluate.js';
import { insideExpression } from '../../lib/task/inside.js';
import type { Expression, Kernel, Reduction, Step } from '../../lib/task/operations.js';
import { cases, chunksOf, ranges } from '../support/expressions.js';
import { tries } from '../support/thorough.js';

const x: Step = { op: 'uniform', key: [1, 2], stream: 0, dtype: 'float32' };
const bool: Step = { op: 'constant', value: 1, dtype: 'bool' };
const evaluation: Evaluation = {
  expression: { steps: [x], reduce: 'sum' },
  start: 0,
  length: 8,
  chunks: [],
  kernel: 'simd',
};

describe('evaluate', () => {
  test.each(['reference', 'simd'] as const)('kernel %s computes what cannot be compiled too', (kernel) => {
    const run = (dtype: 'float32' | 'float64' | 'integer') =>
      evaluate({
        ...evaluation,
        expression: { steps: [{ op: 'index', dtype }], reduce: 'none' },
        start: 2 ** 24,
        length: 3,
        kernel,
      });
    expect(run('float32')).toEqual(Float32Array.of(2 ** 24, 2 ** 24, 2 ** 24 + 2));
    expect(run('integer')).toEqual(Float64Array.of(2 ** 24, 2 ** 24 + 1, 2 ** 24 + 2));
    const half: Step = { op: 'constant', value: 0.1, dtype: 'float64' };
    const steps: Step[] = [
      { ...x, dtype: 'float64' },
      half,
      { op: 'multiply', args: [0, 1], dtype: 'float64' },
    ];
    const samples = evaluate({
      ...evaluation,
      kernel,
      expression: { steps: [x], reduce: 'none' },
    }) as Float32Array;
    expect(evaluate({ ...evaluation, kernel, expression: { steps, reduce: 'none' } })).toEqual(
      Float64Array.from(samples, (value) => value * 0.1),
    );
  });

  test('both kernels give one value', () => {
    fc.assert(
      fc.property(cases, ranges, (given, [start, length]) => {
        const run = (kernel: Kernel) =>
          evaluate({ expression: given.expression, start, length, chunks: chunksOf(given, length), kernel });
        expect(run('simd')).toEqual(run('reference'));
      }),
      { numRuns: 100 },
    );
  });

  test.each(['reference', 'simd'] as const)('kernel %s gives the indices of true elements', (kernel) => {
    const half: Step = { op: 'constant', value: 0.5, dtype: 'float32' };
    const below: Step = { op: 'less', args: [0, 1], dtype: 'bool' };
    const property = fc.property(ranges, ([start, length]) => {
      const given = { start, length, chunks: [], kernel };
      const run = (steps: Step[], reduce: Reduction) => evaluate({ ...given, expression: { steps, reduce } });
      const samples = run([x], 'none') as Float32Array;
      const expected = [...samples.keys()].filter((k) => samples[k] < 0.5).map((k) => start + k);
      expect(run([x, half, below], 'indices')).toEqual(Float64Array.from(expected));
    });
    fc.assert(property, { numRuns: 50 });
  });

  const built = new URL('../../dist/lib/', import.meta.url).href;
  const program = `
    const { evaluate } = await import('${built}task/evaluate.js');
    const { insideExpression } = await import('${built}task/inside.js');
    const { simdSupported } = await import('${built}simd/wasm.js');
    const { keyOfSeed } = await import('${built}sampling/seed.js');
    const expression = insideExpression(keyOfSeed(2017));
    const value = evaluate({ expression, start: 0, length: 1000, chunks: [], kernel: 'simd' });
    console.log(simdSupported(), value);`;
  test.each([
    ['compiles with WebAssembly', '', 'true 794'],
    ['interprets without WebAssembly', 'delete globalThis.WebAssembly;', 'false 794'],
    [
      'interprets where the system refuses memory for WebAssembly',
      "WebAssembly.Memory = class { constructor() { throw new RangeError('could not allocate memory'); } };",
      'false 794',
    ],
  ])('%s', (_, before, output) => {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', `${before} ${program}`],
      { encoding: 'utf8' },
    );
    expect(stdout + stderr).toBe(`${output}\n`);
  });
});

describe('what is not an evaluation is refused by name:', () => {
  const steps = (...list: unknown[]) => ({ expression: { steps: list, reduce: 'none' } });
  const wide: Step = { op: 'index', dtype: 'float64' };
  test.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /expression: steps must be a list of at least one step, got nothing/],
    ['no steps', { expression: { steps: [], reduce: 'sum' } }, /at least one step, got an array of 0/],
    [
      'an unknown reduction',
      { expression: { steps: [x], reduce: 'mean' } },
      /reduce must be one of none, count, sum, min, max, indices, got 'mean'/,
    ],
    ['a step that is none', steps(x, 7), /step 1 must be { op, dtype, ... }, got 7/],
    [
      'a hole among the steps',
      { expression: { steps: Array(2), reduce: 'none' } },
      /step 0 must be .* got nothing/,
    ],
    [
      'an unknown operation',
      steps(x, { op: 'power', args: [0, 0], dtype: 'float32' }),
      /step 1: op must be one of add, .*, got 'power'/,
    ],
    [
      "a name of every object's",
      steps(x, { op: 'toString', args: [0], dtype: 'float32' }),
      /op must be one of .* got 'toString'/,
    ],
    ['an unknown dtype', steps({ ...x, dtype: 'float16' }), /step 0: dtype must be one of .* got 'float16'/],
    [
      'a step that reads itself',
      steps(x, { op: 'sqrt', args: [1], dtype: 'float32' }),
      /step 1: an arg must be the number of an earlier step, got 1/,
    ],
    [
      'a step that reads later ones',
      steps(x, { op: 'add', args: [0, 2], dtype: 'float32' }, x),
      /step 1: .* earlier step, got 2/,
    ],
    [
      'an arg that is no number',
      steps(x, { op: 'sqrt', args: ['0'], dtype: 'float32' }),
      /earlier step, got '0'/,
    ],
    [
      'too few args',
      steps(x, { op: 'add', args: [0], dtype: 'float32' }),
      /args of 'add' must be a list of 2, got an array of 1/,
    ],
    ['no args', steps(x, { op: 'add', dtype: 'float32' }), /args of 'add' must be a list of 2, got nothing/],
    [
      'unlike dtypes',
      steps(x, wide, { op: 'add', args: [0, 1], dtype: 'float64' }),
      /step 2: 'add': takes numbers of one dtype, got float32 and float64/,
    ],
    [
      'a sum of bools',
      steps(bool, { op: 'add', args: [0, 0], dtype: 'float32' }),
      /'add': takes numbers of one dtype, got bool and bool/,
    ],
    [
      'numbers as bools',
      steps(x, { op: 'not', args: [0], dtype: 'bool' }),
      /'not': takes bools of one dtype, got float32/,
    ],
    [
      'a condition that is none',
      steps(x, { op: 'where', args: [0, 0, 0], dtype: 'float32' }),
      /'where': takes a bool, then numbers or bools of one dtype, got float32 and float32 and float32/,
    ],
    [
      'a comparison that gives numbers',
      steps(x, { op: 'less', args: [0, 0], dtype: 'float32' }),
      /dtype must be bool, as 'less' gives here, got 'float32'/,
    ],
    [
      'a product of another dtype',
      steps(x, { op: 'multiply', args: [0, 0], dtype: 'float64' }),
      /dtype must be float32, as 'multiply' gives here, got 'float64'/,
    ],
    [
      'indices of numbers',
      { expression: { steps: [x], reduce: 'indices' } },
      /the last dtype must be bool for indices, got 'float32'/,
    ],
    ['bool samples', steps({ ...x, dtype: 'bool' }), /dtype must be float32 or float64/],
    ['a bool index', steps({ op: 'index', dtype: 'bool' }), /dtype must be that of a number/],
    [
      'a key of one word',
      steps({ ...x, key: [1] }),
      /key must be two words \(use keyOfSeed\), got an array of 1/,
    ],
    [
      'a word of 33 bits',
      steps({ ...x, key: [1, 2 ** 32] }),
      /a word of key must be an integer from 0 to 4294967295, got 4294967296/,
    ],
    ['a stream that is none', steps({ ...x, stream: -1 }), /stream must be .* got -1/],
    [
      'a constant that is none',
      steps({ op: 'constant', value: '1', dtype: 'float32' }),
      /value must be a number of dtype float32 .*, got '1'/,
    ],
    [
      'a bool of 2',
      steps({ ...bool, value: 2 }),
      /value must be a number of dtype bool \(a bool is 0 or 1\), got 2/,
    ],
    [
      'half an integer',
      steps({ op: 'constant', value: 0.5, dtype: 'integer' }),
      /value must be a number of dtype integer .*, got 0.5/,
    ],
    ['a chunk number below 0', steps({ op: 'chunk', chunk: -1, dtype: 'bool' }), /chunk must be .* got -1/],
    [
      'a chunk that is not there',
      steps({ op: 'chunk', chunk: 0, dtype: 'bool' }),
      /chunk 0 must be a Uint8Array of 8 elements, got nothing/,
    ],
    [
      'a chunk of another length',
      { ...steps({ op: 'chunk', chunk: 0, dtype: 'float32' }), chunks: [new Float32Array(7)] },
      /must be a Float32Array of 8 elements, got one of 7/,
    ],
    [
      'a chunk of another dtype',
      { ...steps({ op: 'chunk', chunk: 0, dtype: 'float32' }), chunks: [new Float64Array(8)] },
      /must be a Float32Array of 8 elements, got Float64Array/,
    ],
    ['chunks that are none', { chunks: null }, /chunks must be a list, got null/],
    ['a start below 0', { start: -1 }, /start must be an integer from 0 to 2\^53 - 1, got -1/],
    ['a start of NaN', { start: NaN }, /start must be .* got NaN/],
    ['a broken length', { length: 0.5 }, /length must be .* got 0.5/],
    [
      'a range past the end',
      { start: 2 ** 53 - 1, length: 1 },
      /start \+ length must be .* got 9007199254740992/,
    ],
    ['an unknown kernel', { kernel: 'gpu' }, /kernel must be one of reference, simd, got 'gpu'/],
  ])('%s', (_, change, message) => {
    const given = change === undefined ? undefined : { ...evaluation, ...(change as object) };
    const run = () => evaluate(given as Evaluation);
    expect(run).toThrow(InvalidArgumentError);
    expect(run).toThrow(message);
  });

  test('whatever it is', () => {
    fc.assert(
      fc.property(
        fc.anything({ withNullPrototype: true, withBigInt: true, withTypedArray: true }),
        fc.anything(),
        (given, steps) => {
          expect(() => evaluate(given as Evaluation)).toThrow(InvalidArgumentError);
          const expression = { steps, reduce: 'count' } as unknown as Expression;
          expect(() => evaluate({ ...evaluation, expression })).toThrow(InvalidArgumentError);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('an expression with one thing changed is refused, or both kernels give it one value', () => {
    const bad = fc.oneof(
      fc.anything(),
      fc.constantFrom(
        ...['bool', 'float64', 'integer', 'astype', 'where', 'index', 'chunk', 0, 1, 2, -1, 1e9],
      ),
    );
    let refused = 0;
    fc.assert(
      fc.property(cases, fc.nat(), fc.nat(), bad, (given, s, f, value) => {
        const steps = given.expression.steps.map((step) => ({ ...step })) as Record<string, unknown>[];
        const step = steps[s % steps.length];
        const fields = Object.keys(step);
        const field = fields[f % fields.length];
        const list = step[field];
        step[field] =
          Array.isArray(list) && f % 3 > 0 ? list.map((old: unknown, i) => (i === 0 ? value : old)) : value;
        const expression = { ...given.expression, steps } as unknown as Expression;
        const run = (kernel: Kernel) =>
          evaluate({ expression, start: 5, length: 99, chunks: chunksOf(given, 99), kernel });
        try {
          const reference = run('reference');
          expect(run('simd')).toEqual(reference);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidArgumentError);
          refused++;
        }
      }),
      { numRuns: tries(1000) },
    );
    expect(refused).toBeGreaterThan(tries(1000) / 2);
  });

  test('but not an expression of every kind of step', () => {
    expect(evaluate({ ...evaluation, expression: insideExpression([1, 2]), kernel: 'simd' })).toBe(
      evaluate({ ...evaluation, expression: insideExpression([1, 2]), kernel: 'reference' }),
    );
  });
});
