// Random expressions, chunks and ranges for fast-check: whatever it finds wrong it makes small, and prints.
import fc from 'fast-check';
import { ELEMENTWISE } from '../../lib/task/operations.js';
import type {
  DType,
  ElementwiseName,
  Expression,
  Reduction,
  Step,
  TypedArray,
} from '../../lib/task/operations.js';
import { BLOCK } from '../../lib/sampling/stream.js';

/** An expression, and from which numbers the chunks are made that it reads. */
export interface Case {
  readonly expression: Expression;
  readonly palette: readonly number[];
}

/** The reductions of both engines; 'indices' is made from 'none' (see evaluate). */
export const REDUCTIONS: readonly Reduction[] = ['none', 'count', 'sum', 'min', 'max'];
export const NAMES = Object.keys(ELEMENTWISE) as ElementwiseName[];

/** Numbers at which meanings part: NaN, signed zeros and infinities, the least, the largest, and those around 0.5 and 1. */
export const SPECIAL: readonly number[] = [
  ...[
    NaN,
    0,
    -0,
    Infinity,
    -Infinity,
    2 ** -149,
    -(2 ** -149),
    2 ** -126,
    -(2 ** -127),
    3.4028234663852886e38,
  ],
  ...[
    -3.4028234663852886e38,
    1,
    -1,
    1 - 2 ** -24,
    1 + 2 ** -23,
    0.5,
    -0.5,
    2 ** 24,
    1e-20,
    7.25,
    -3.75,
    16777217,
  ],
];
const number = fc.oneof(fc.constantFrom(...SPECIAL), fc.float());
const key = fc.constantFrom([1, 2] as const, [0xffffffff, 0] as const, [1, 0xfffffffe] as const);
const stream = fc.constantFrom(0, 1, 2 ** 32 - 1);

const choice = fc.record({
  op: fc.constantFrom(...NAMES, 'uniform', 'constant', 'chunk'),
  key,
  stream,
  number,
  args: fc.array(fc.nat(), { minLength: 3, maxLength: 3 }),
});
type Choice = typeof choice extends fc.Arbitrary<infer T> ? T : never;

/** A step as chosen; where there is nothing yet that it could read, a source takes its place. */
function stepOf({ op, key, stream, number, args: [a, b, c] }: Choice, steps: readonly Step[]): Step {
  const dtype: DType = a % 4 === 0 ? 'bool' : 'float32';
  const placesOf = (wanted: DType): number[] => steps.flatMap((step, s) => (step.dtype === wanted ? s : []));
  const pick = (wanted: DType, n: number): number => placesOf(wanted)[n % placesOf(wanted).length];
  if (op === 'uniform') return { op, key, stream, dtype: 'float32' };
  if (op === 'chunk') return { op, chunk: b % 3, dtype: dtype === 'bool' ? 'bool' : 'float32' };
  if (op === 'constant') return { op, value: dtype === 'bool' ? b % 2 : number, dtype };
  const { arity, takes, gives } = ELEMENTWISE[op];
  const reads: DType =
    takes === 'numbers'
      ? 'float32'
      : takes === 'bools'
        ? 'bool'
        : placesOf(dtype).length > 0
          ? dtype
          : 'float32';
  const wanted =
    op === 'where' ? (['bool', reads, reads] as const) : Array.from({ length: arity }, () => reads);
  if (wanted.some((one) => placesOf(one).length === 0))
    return { op: 'uniform', key, stream, dtype: 'float32' };
  const args = wanted.map((one, i) => pick(one, [a >> 2, b, c][i]));
  if (op === 'astype') return { op, args, dtype: c % 2 === 0 ? 'float32' : 'bool' };
  return { op, args, dtype: gives === 'bool' ? 'bool' : reads };
}

/** Expressions of float32 and bool steps, which read chunks 0 to 2; a chunk's dtype is that of the first step that reads it. */
export const cases: fc.Arbitrary<Case> = fc
  .record({
    choices: fc.array(choice, { minLength: 1, maxLength: 24 }),
    reduce: fc.constantFrom(...REDUCTIONS),
    palette: fc.array(number, { minLength: 1, maxLength: 12 }),
  })
  .map(({ choices, reduce, palette }) => {
    const steps: Step[] = [];
    const dtypes = new Map<number, DType>();
    for (const one of choices) {
      const step = stepOf(one, steps);
      if (step.op === 'chunk') {
        const dtype = dtypes.get(step.chunk) ?? step.dtype;
        dtypes.set(step.chunk, dtype);
        steps.push({ ...step, dtype });
      } else steps.push(step);
    }
    return { expression: { steps, reduce }, palette };
  });

/** The chunks of a case: its palette in an irregular order; bytes of all values where bools are read. */
export function chunksOf({ expression, palette }: Case, length: number): readonly TypedArray[] {
  return [0, 1, 2].map((chunk) => {
    const bool = expression.steps.some(
      (step) => step.op === 'chunk' && step.chunk === chunk && step.dtype === 'bool',
    );
    const at = (k: number): number => Math.imul(k + 7 * chunk, 0x9e3779b1) >>> 8;
    if (bool) return Uint8Array.from({ length }, (_, k) => (at(k) % 3) * (at(k) % 128));
    return Float32Array.from({ length }, (_, k) => palette[at(k) % palette.length]);
  });
}

const around = (center: number): fc.Arbitrary<number> =>
  fc.integer({ min: -9, max: 9 }).map((offset) => Math.max(0, center + offset));
const LAST = 2 ** 53 - 1;

/** Where a range starts and how long it is: at blocks' borders, at the far end, of nothing, and over more than a block. */
export const ranges: fc.Arbitrary<readonly [start: number, length: number]> = fc
  .tuple(
    fc.oneof(
      fc.nat(3 * BLOCK),
      around(BLOCK),
      around(2 * BLOCK),
      around(2 ** 31),
      around(2 ** 40),
      fc.integer({ min: LAST - 3 * BLOCK, max: LAST }),
    ),
    fc.oneof(
      { weight: 12, arbitrary: fc.nat(40) },
      { weight: 6, arbitrary: fc.nat(9000) },
      { weight: 1, arbitrary: around(BLOCK) },
      { weight: 1, arbitrary: around(2 * BLOCK) },
    ),
  )
  .map(([start, length]) => [start, Math.min(length, LAST - start)]);
