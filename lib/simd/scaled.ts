// Samples stay the integers that were drawn, and the factor 2^-24 is held back until a value is asked for as it is: a factor
// that is a power of two moves no bit of a product, a sum or a comparison. pi's loop needs it nowhere: two instructions of
// 31 less.
import { ELEMENTWISE } from '../task/operations.js';
import type { ElementwiseName } from '../task/task.js';
import { splat, type Code } from './wasm.js';

/** A value of the loop: `code` pushes value * 2^shift, of which the magnitude is 2^size at most. */
export interface Scaled {
  readonly code: Code;
  readonly shift: number;
  readonly size: number;
  readonly constant?: true;
}

/** float32 ends at 2^128 and grows coarse below 2^-126. What is held are integers, so neither end is reached. */
const MOST_SIZE = 100;

/** A value that is not held back. */
export function plain(code: Code): Scaled {
  return { code, shift: 0, size: Infinity };
}

/** Code for the value itself. */
export function unscaled({ code, shift }: Scaled): Code {
  return shift === 0 ? code : [code, splat(2 ** -shift), 'f32x4.mul'];
}

/**
 * The operation on values as they are held, where its result has the same bits; undefined where it needs the values.
 * @param once computes something before the loop, and gives code that pushes it
 */
export function onScaled(
  op: ElementwiseName,
  [a, b]: readonly Scaled[],
  once: (value: Code) => Code,
): Scaled | undefined {
  const { arity, takes, gives, simd } = ELEMENTWISE[op];
  const shift = Math.max(a.shift, b?.shift ?? 0);
  if (arity !== 2 || takes !== 'number' || shift === 0) return undefined;
  if (op === 'multiply' && a.size + b.size <= MOST_SIZE) {
    return { code: simd(a.code, b.code, []), shift: a.shift + b.shift, size: a.size + b.size };
  }
  if (gives === 'bool') {
    // A constant that overflows on its way up is beyond all that is held, as it was before.
    const [left, right] = [a, b].map((each) =>
      each.constant ? { ...each, shift, code: once([each.code, splat(2 ** shift), 'f32x4.mul']) } : each,
    );
    return left.shift === right.shift ? plain(simd(left.code, right.code, [])) : undefined;
  }
  const size = Math.max(a.size, b.size) + 1;
  if ((op !== 'add' && op !== 'subtract') || a.shift !== b.shift || size > MOST_SIZE) return undefined;
  return { code: simd(a.code, b.code, []), shift, size };
}
