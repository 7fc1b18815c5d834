import { describe, expect, test } from 'vitest';
import { newArray } from '../../lib/task/interpret.js';
import { ELEMENTWISE, dtypeGiven, plainOf } from '../../lib/task/operations.js';
import { runCompiled } from '../../lib/simd/run-compiled.js';
import type { DType, ElementwiseName, Step, TypedArray } from '../../lib/task/operations.js';
import { NAMES, SPECIAL } from '../support/expressions.js';

/** Every way to fill `arity` operands: of floats the special values, of bools 0 and 1. */
function operands(dtypes: readonly DType[]): readonly TypedArray[] {
  const values = dtypes.map((dtype) => (dtype === 'bool' ? [0, 1] : SPECIAL));
  const length = values.reduce((product, { length }) => product * length, 1);
  let stride = 1;
  return values.map((list, i) => {
    const array = newArray(dtypes[i], length).map((_, k) => list[Math.floor(k / stride) % list.length]);
    stride *= list.length;
    return array;
  });
}

/** The dtypes an operation can be compiled for: of its operands, and of what it gives. */
function signaturesOf(op: ElementwiseName): readonly (readonly [DType[], DType])[] {
  const { arity, takes, gives } = ELEMENTWISE[op];
  const both = ['float32', 'bool'] as const;
  if (op === 'astype') return both.flatMap((from) => both.map((to) => [[from], to] as const));
  if (op === 'where') return both.map((dtype) => [['bool', dtype, dtype], dtype] as const);
  const dtype: DType = takes === 'bools' ? 'bool' : 'float32';
  return [[Array.from({ length: arity }, () => dtype), gives === 'bool' ? 'bool' : dtype]];
}

const rows = NAMES.flatMap((op) => signaturesOf(op).map(([from, to]) => [op, from, to] as const));

describe('the table of operations', () => {
  test('has these rows', () => {
    expect(NAMES).toEqual(
      'add subtract multiply divide sqrt abs less lessEqual greater greaterEqual equal notEqual and or not where astype'.split(
        ' ',
      ),
    );
  });

  test.each(rows)(
    '%s of %s, giving %s, means the same on numbers and on vectors, for all special values',
    (op, from, to) => {
      const step = { op, args: from.map((_, i) => i), dtype: to };
      const chunks = operands(from);
      const { length } = chunks[0];
      const reads = from.map((dtype, chunk): Step => ({ op: 'chunk', chunk, dtype }));
      const compiled = runCompiled(
        { steps: [...reads, step], reduce: 'none' },
        0,
        length,
        chunks,
      ) as TypedArray;
      const plain = plainOf(step);
      const expected = newArray(to, length).map((_, k) =>
        plain(chunks[0][k], chunks[1]?.[k], chunks[2]?.[k]),
      );
      expect([...compiled]).toEqual([...expected]);
    },
  );

  test('astype asks for bool whether an element is not 0, and cuts off the fraction for integer', () => {
    const values = [0, -0, 0.5, -0.5, 256, NaN, 2.9, -2.9];
    const as = (dtype: DType) =>
      values.map((value) => plainOf({ op: 'astype', args: [0], dtype })(value, 0, 0));
    expect(as('bool')).toEqual([0, 0, 1, 1, 1, 1, 1, 1]);
    expect(as('integer')).toEqual([0, 0, 0, 0, 256, NaN, 2, -2]);
    expect(as('float64')).toEqual(values);
  });

  const DTYPES = ['float32', 'float64', 'integer', 'bool'] as const;
  const numbers = DTYPES.slice(0, 3);
  test.each<[ElementwiseName[], (readonly DType[])[], DType[]]>([
    [['add', 'subtract', 'multiply', 'divide'], numbers.map((one) => [one, one]), [...numbers]],
    [['sqrt', 'abs'], numbers.map((one) => [one]), [...numbers]],
    [
      ['less', 'lessEqual', 'greater', 'greaterEqual', 'equal', 'notEqual'],
      numbers.map((one) => [one, one]),
      ['bool', 'bool', 'bool'],
    ],
    [['and', 'or'], [['bool', 'bool']], ['bool']],
    [['not'], [['bool']], ['bool']],
    [['where'], DTYPES.map((one) => ['bool', one, one]), [...DTYPES]],
    [['astype'], DTYPES.map((one) => [one]), ['bool', 'bool', 'bool', 'bool']],
  ])('%s take these dtypes and no other: %j', (ops, taken, given) => {
    for (const op of ops) {
      let all: DType[][] = [[]];
      for (let i = 0; i < ELEMENTWISE[op].arity; i++)
        all = all.flatMap((before) => DTYPES.map((one) => [...before, one]));
      for (const operands of all) {
        const place = taken.findIndex((one) => one.join() === operands.join());
        const rule = () => dtypeGiven('here', op, operands, 'bool');
        if (place >= 0) expect([op, operands, rule()]).toEqual([op, operands, given[place]]);
        else expect(rule).toThrow(/^here: takes .* of one dtype, got /);
      }
    }
  });
});
