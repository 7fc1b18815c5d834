// Compiles an expression to machine code: one WebAssembly loop that draws, computes and reduces four elements at a time,
// with no array in between. run-compiled.ts calls it.
//
// Keys, constants and chunks are put into memory before a call, so one module serves all expressions of one structure.
import { LANES, STEP } from '../sampling/stream.js';
import { ELEMENTWISE } from '../task/operations.js';
import type { DType, ElementwiseName, Expression, Reduction, Step } from '../task/operations.js';
import { ZERO, encodeModule, instantiate, splat, type Code, type WasmFunction } from './wasm.js';

/** Elements of a chunk or a result that are in memory at once. They stay in the first-level cache. */
export const PIECE = 4096;
const VECTOR_BYTES = 16;
/** A larger expression would take long to compile. */
const MOST_STEPS = 1000;
/** Modules that a thread keeps. The oldest one is dropped first. */
const MOST_MODULES = 256;

/** Whether a checked expression can be compiled: all its steps are float32 or bool. */
export function covers({ steps }: Expression): boolean {
  // The index is not covered: past 2^24 it is no float32, and interpret rounds it from its exact value.
  const isCovered = ({ op, dtype }: Step) => op !== 'index' && (dtype === 'float32' || dtype === 'bool');
  return steps.length <= MOST_STEPS && steps.every(isCovered);
}

/** The module of a structure: its functions, and where in memory they look for what. */
export interface Compiled extends Layout {
  /** Computes elements 0 to `end` - 1 of the pieces, and advances the generators. `end` is a multiple of 4, not 0. */
  readonly run: (end: number) => void;
  /** Advances the generators over as many elements. */
  readonly skip: (end: number) => void;
}

/** Addresses in memory, in bytes. A step's address is at the step's place in the list. */
export interface Layout {
  /** Of a generator's four words (a vector each), of a constant (four times), or of the piece of a chunk. */
  readonly places: readonly number[];
  /** The uniform steps that have a generator of their own. */
  readonly generators: readonly number[];
  /** The four lanes of the reduction, in two vectors (a sum's lanes are 64 bits wide). */
  readonly lanes: number;
  /** The piece of the result. */
  readonly result: number;
  /** All of it, in bytes. */
  readonly size: number;
}

const modules = new Map<string, Compiled>();

/** The module of an expression. The first expression of its structure in this thread compiles it. */
export function compile(expression: Expression): Compiled {
  const structure = structureOf(expression);
  const known = modules.get(structure);
  if (known) return known;
  const [oldest] = modules.keys();
  if (modules.size === MOST_MODULES) modules.delete(oldest);
  const layout = layOut(expression.steps);
  const { run, skip } = instantiate(encodeModule(emit(expression, layout)));
  const compiled = { ...layout, run, skip };
  modules.set(structure, compiled);
  return compiled;
}

/** All that the code depends on, as text. Keys, constants and the numbers of chunks are data. */
function structureOf({ steps, reduce }: Expression): string {
  let structure: string = reduce;
  steps.forEach((step, s) => {
    const reads = step.op === 'uniform' ? generatorOf(steps, s) : 'args' in step ? step.args.join() : '';
    structure += `;${step.op} ${step.dtype} ${reads}`;
  });
  return structure;
}

/** The first step that draws the same samples as uniform step `s`. They share a generator. */
function generatorOf(steps: readonly Step[], s: number): number {
  const { key, stream } = steps[s] as Step & { readonly op: 'uniform' };
  return steps.findIndex(
    (step) => step.op === 'uniform' && step.stream === stream && step.key.join() === key.join(),
  );
}

function layOut(steps: readonly Step[]): Layout {
  let size = 0;
  const reserve = (bytes: number): number => (size += bytes) - bytes;
  const generators = steps.flatMap(({ op }, s) => (op === 'uniform' && generatorOf(steps, s) === s ? s : []));
  const places = steps.map(({ op }, s) => {
    if (op === 'uniform') return reserve(generators.includes(s) ? 4 * VECTOR_BYTES : 0);
    return reserve(op === 'constant' ? VECTOR_BYTES : op === 'chunk' ? 4 * PIECE : 0);
  });
  return { places, generators, lanes: reserve(2 * VECTOR_BYTES), result: reserve(4 * PIECE), size };
}

/** Emits the functions 'run' and 'skip' of a structure. */
function emit({ steps, reduce }: Expression, layout: Layout): readonly WasmFunction[] {
  const run = new Loop();
  const skip = new Loop();
  for (const s of layout.generators) emitAdvance(skip, wordsAt(skip, layout.places[s]));
  const held: Held[] = []; // the steps' values
  steps.forEach((_, s) => held.push(emitStep(run, steps, s, held, layout.places[s])));
  const last = steps.length - 1;
  const value = valueOf(run, held[last]);
  if (reduce === 'none') emitStore(run, value, steps[last].dtype, layout.result);
  else emitReduction(run, reduce, value, steps[last].dtype, layout.lanes);
  return [run.finish('run'), skip.finish('skip')];
}

/**
 * A value of the loop: `code` pushes value * 2^shift, of which the magnitude is 2^size at most. Samples stay the integers that
 * were drawn, and so do their products and sums: a power of two moves no bit of them, and pi's loop never multiplies by 2^-24.
 */
interface Held {
  readonly code: Code;
  readonly shift: number;
  readonly size: number;
  readonly constant?: true;
  /** The value itself, once some step needed it. */
  value?: Code;
}

/** A sample times 2 to this power is the integer that was drawn. */
const SAMPLE_BITS = -Math.log2(STEP);
/** float32 ends at 2^128 and grows coarse below 2^-126. Integers up to this size, as a power of two, reach neither end. */
const MOST_SIZE = 100;

const plain = (code: Code): Held => ({ code, shift: 0, size: Infinity, value: code });

function emitStep(run: Loop, steps: readonly Step[], s: number, held: readonly Held[], place: number): Held {
  const step = steps[s];
  if (step.op === 'uniform') return held[generatorOf(steps, s)] ?? emitSample(run, place);
  const vector: Code = ['i32.const', 0, 'v128.load', 0, place];
  if (step.op === 'constant') return { ...plain(run.once(vector)), constant: true };
  if (step.op === 'chunk') return plain(run.name(elementsAt(place, step.dtype)));
  const { op, args, dtype } = step as Step & { readonly op: ElementwiseName }; // an index is not covered
  const operands = args.map((arg) => held[arg]);
  if (op === 'where') operands.push(operands.shift()!); // the instruction takes its condition last
  const values = () => operands.map((operand) => valueOf(run, operand));
  if (op === 'astype') return plain(run.name(convert(values()[0], steps[args[0]].dtype, dtype)));
  return onHeld(run, op, operands) ?? plain(run.name([...values(), ELEMENTWISE[op].simd]));
}

function valueOf(run: Loop, held: Held): Code {
  return (held.value ??= run.name([held.code, splat(2 ** -held.shift), 'f32x4.mul']));
}

/** The operation on values as they are held, where the result has the same bits. */
function onHeld(
  run: Loop,
  op: Exclude<ElementwiseName, 'astype'>,
  [a, b]: readonly Held[],
): Held | undefined {
  const { arity, takes, gives, simd } = ELEMENTWISE[op];
  const shift = Math.max(a.shift, b?.shift ?? 0);
  if (arity !== 2 || takes !== 'numbers' || shift === 0) return undefined;
  if (gives === 'bool') {
    // What overflows on its way up is beyond all that is held, as it was before.
    const [left, right] = [a, b].map(({ code, shift: from, constant }) => {
      const product: Code = [code, splat(2 ** (shift - from)), 'f32x4.mul'];
      return from === shift ? code : constant ? run.once(product) : product;
    });
    return plain(run.name([left, right, simd]));
  }
  const isProduct = op === 'multiply';
  const size = isProduct ? a.size + b.size : Math.max(a.size, b.size) + 1;
  if (op === 'divide' || size > MOST_SIZE || (!isProduct && a.shift !== b.shift)) return undefined;
  return { code: run.name([a.code, b.code, simd]), shift: isProduct ? a.shift + b.shift : shift, size };
}

/** Emits four samples, one of each lane, and advances the generators (see sampling/stream.ts). */
function emitSample(run: Loop, place: number): Held {
  const words = wordsAt(run, place);
  const sum: Code = [words[0].get, words[3].get, 'i32x4.add'];
  const code = run.name([sum, 'i32.const', 8, 'i32x4.shr_u', 'f32x4.convert_i32x4_s']);
  emitAdvance(run, words);
  return { code, shift: SAMPLE_BITS, size: SAMPLE_BITS };
}

function wordsAt(loop: Loop, place: number): readonly Local[] {
  return [0, 1, 2, 3].map((word) => loop.keep(place + word * VECTOR_BYTES));
}

/** Emits a step of xoshiro128+, of four generators at once. */
function emitAdvance(loop: Loop, [s0, s1, s2, s3]: readonly Local[]): void {
  const t = loop.name([s1.get, 'i32.const', 9, 'i32x4.shl']);
  loop.add(s2.set(s2.get, s0.get, 'v128.xor'));
  loop.add(s3.set(s3.get, s1.get, 'v128.xor'));
  loop.add(s1.set(s1.get, s2.get, 'v128.xor'));
  loop.add(s0.set(s0.get, s3.get, 'v128.xor'));
  loop.add(s2.set(s2.get, t, 'v128.xor'));
  loop.add(s3.set(s3.get, 'i32.const', 11, 'i32x4.shl', s3.get, 'i32.const', 21, 'i32x4.shr_u', 'v128.or'));
}

/** Pushes the next four elements of a piece: float32, or bytes of which all but 0 are true. */
function elementsAt(place: number, dtype: DType): Code {
  if (dtype === 'float32') return [FLOATS_AT, 'v128.load', 0, place];
  const bytes: Code = [AT, 'v128.load32_zero', 0, place];
  return [bytes, 'i16x8.extend_low_i8x16_u', 'i32x4.extend_low_i16x8_u', ZERO, 'i32x4.ne'];
}

/** Stores four elements to the piece of the result, bools as bytes of 0 and 1. */
function emitStore(run: Loop, value: Code, dtype: DType, place: number): void {
  if (dtype === 'float32') return run.add([FLOATS_AT, value, 'v128.store', 0, place]);
  const words: Code = [value, 'i32.const', 31, 'i32x4.shr_u'];
  const bytes: Code = [words, ZERO, 'i16x8.narrow_i32x4_s', ZERO, 'i8x16.narrow_i16x8_s'];
  run.add([AT, bytes, 'v128.store32_lane', 0, place, 0]);
}

/** A vector of bools as float32, or the other way round. A true lane, all ones, is -1. */
function convert(value: Code, from: DType, to: DType): Code {
  if (from === to) return value;
  return to === 'bool' ? [value, ZERO, 'f32x4.ne'] : [value, 'f32x4.convert_i32x4_s', 'f32x4.abs'];
}

function emitReduction(run: Loop, reduce: Reduction, value: Code, dtype: DType, place: number): void {
  const lanes = run.keep(place);
  // A true lane is -1, so the count is subtracted.
  if (reduce === 'count') return run.add(lanes.set(lanes.get, convert(value, dtype, 'bool'), 'i32x4.sub'));
  const floats = run.name(convert(value, dtype, 'float32'));
  if (reduce === 'min') return run.add(lanes.set(lanes.get, floats, 'f32x4.min'));
  if (reduce === 'max') return run.add(lanes.set(lanes.get, floats, 'f32x4.max'));
  // A sum adds lanes 0 and 1 as float64, then lanes 2 and 3, which a shuffle of bytes brings to the front.
  const rear: Code = [floats, floats, 'i8x16.shuffle', 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];
  const others = run.keep(place + VECTOR_BYTES);
  run.add(lanes.set(lanes.get, floats, 'f64x2.promote_low_f32x4', 'f64x2.add'));
  run.add(others.set(others.get, rear, 'f64x2.promote_low_f32x4', 'f64x2.add'));
}

// In every function local 0 is its parameter `end` and local 1 the number of the next element. Then come vectors.
const END: Code = ['local.get', 0];
const AT: Code = ['local.get', 1];
const FLOATS_AT: Code = [AT, 'i32.const', 2, 'i32.shl'];
const NEXT: Code = [AT, 'i32.const', LANES, 'i32.add', 'local.tee', 1];
const REPEAT: Code = [NEXT, END, 'i32.lt_u', 'br_if', 0];
const FIRST_VECTOR = 2;

interface Local {
  readonly get: Code;
  readonly set: (...value: Code[]) => Code;
}

/** A function in the making: it loads vectors, loops over the elements, and stores the vectors that the loop changed. */
class Loop {
  private vectors = 0;
  private readonly before: Code[] = [];
  private readonly body: Code[] = [];
  private readonly after: Code[] = [];

  /** Adds code to the loop. */
  add(code: Code): void {
    this.body.push(code);
  }

  /** Computes a value in the loop. Returns code that pushes it. */
  name(value: Code): Code {
    const { get, set } = this.newLocal();
    this.add(set(value));
    return get;
  }

  /** Computes a value before the loop. Returns code that pushes it. */
  once(value: Code): Code {
    const { get, set } = this.newLocal();
    this.before.push(set(value));
    return get;
  }

  /** Loads a vector before the loop and stores it after. */
  keep(place: number): Local {
    const local = this.newLocal();
    this.before.push(local.set('i32.const', 0, 'v128.load', 0, place));
    this.after.push(['i32.const', 0, local.get, 'v128.store', 0, place]);
    return local;
  }

  finish(name: string): WasmFunction {
    const { vectors, before, body, after } = this;
    return { name, vectors, code: [before, 'loop', body, REPEAT, 'end', after] };
  }

  private newLocal(): Local {
    const local = FIRST_VECTOR + this.vectors++;
    return { get: ['local.get', local], set: (...value) => [value, 'local.set', local] };
  }
}
