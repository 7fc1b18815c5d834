// An expression as machine code: one WebAssembly loop that draws, computes and reduces four elements at a time, with no
// array in between. run-compiled.ts calls it.
//
// What differs from task to task (states of generators, constants, pieces of chunks) is in memory before a call, so one
// module serves all expressions of one structure.
import { LANES, STEP } from '../sampling/stream.js';
import { ELEMENTWISE } from '../task/operations.js';
import { onScaled, plain, unscaled, type Scaled } from './scaled.js';
import type { DType, ElementwiseName, Expression, Reduction, Step } from '../task/task.js';
import { ZERO, encodeModule, instantiate, type Code, type WasmFunction } from './wasm.js';

/** Elements of a chunk or a result that are in memory at once: they stay in the first-level cache. */
export const PIECE = 4096;
const VECTOR_BYTES = 16;
/** Bits of a sample: it is an integer times STEP. */
const SAMPLE_BITS = -Math.log2(STEP);
/** An expression of more steps would take long to compile. */
const MOST_STEPS = 1000;
/** Modules kept in a thread; the one that was made first goes first. */
const MOST_MODULES = 256;

/** Whether a (checked) expression can be compiled: all its steps are float32 or bool. */
export function covers({ steps }: Expression): boolean {
  // The index is left out: past 2^24 it is no float32, and interpret rounds it from its exact value.
  const covered = ({ op, dtype }: Step): boolean =>
    op !== 'index' && (dtype === 'float32' || dtype === 'bool');
  return steps.length <= MOST_STEPS && steps.every(covered);
}

/** The module of a structure: its functions, and where they look for what. */
export interface Compiled extends Layout {
  /** Computes elements 0 to `end` - 1 of the pieces and steps the generators. `end` is a multiple of 4, and not 0. */
  readonly run: (end: number) => void;
  /** Steps the generators over as many elements. */
  readonly skip: (end: number) => void;
}

/** Where in memory what lies: addresses in bytes. A step's is at its place in the list of steps. */
export interface Layout {
  /** A generator's four words, a vector each; a constant, four times; the piece of a chunk. */
  readonly places: readonly number[];
  /** The uniform steps that have a generator of their own. */
  readonly generators: readonly number[];
  /** The four lanes of the reduction, in two vectors (a sum's are 64 bits wide). */
  readonly lanes: number;
  /** The piece of the result. */
  readonly result: number;
  /** All of it, in bytes. */
  readonly size: number;
}

const ofExpression = new WeakMap<Expression, Compiled>();
const ofStructure = new Map<string, Compiled>();

/** The module of an expression, compiled by the first of its structure in this thread and then kept. */
export function compile(expression: Expression): Compiled {
  const known = ofExpression.get(expression);
  if (known) return known;
  const structure = structureOf(expression);
  const compiled = ofStructure.get(structure) ?? newModule(expression);
  if (ofStructure.size === MOST_MODULES && !ofStructure.has(structure)) {
    const [first] = ofStructure.keys();
    ofStructure.delete(first);
  }
  ofStructure.set(structure, compiled);
  ofExpression.set(expression, compiled);
  return compiled;
}

function newModule(expression: Expression): Compiled {
  const layout = layOut(expression.steps);
  const { run, skip } = instantiate(encodeModule(emit(expression, layout)));
  return { ...layout, run, skip };
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

/** The first step that draws the same samples as uniform step `s`: they share a generator. */
function generatorOf(steps: readonly Step[], s: number): number {
  const { key, stream } = steps[s] as Step & { readonly op: 'uniform' };
  return steps.findIndex(
    (step) =>
      step.op === 'uniform' && step.stream === stream && step.key[0] === key[0] && step.key[1] === key[1],
  );
}

function layOut(steps: readonly Step[]): Layout {
  let size = 0;
  const reserve = (bytes: number): number => (size += bytes) - bytes;
  const generators = steps.flatMap((step, s) =>
    step.op === 'uniform' && generatorOf(steps, s) === s ? s : [],
  );
  const places = steps.map(({ op }, s) => {
    if (op === 'uniform') return reserve(generators.includes(s) ? 4 * VECTOR_BYTES : 0);
    return reserve(op === 'constant' ? VECTOR_BYTES : op === 'chunk' ? 4 * PIECE : 0);
  });
  return { places, generators, lanes: reserve(2 * VECTOR_BYTES), result: reserve(4 * PIECE), size };
}

type ElementwiseStep = Step & { readonly op: ElementwiseName };

/** The functions 'run' and 'skip' of a structure. */
function emit({ steps, reduce }: Expression, { places, lanes, result }: Layout): readonly WasmFunction[] {
  const run = new Loop();
  const skip = new Loop();
  const held: Scaled[] = []; // by step: its value, or a multiple of it
  const values: Code[] = []; // by step: code that pushes the value itself, where somebody asked for it
  const valueOf = (s: number): Code =>
    (values[s] ??= held[s].shift === 0 ? held[s].code : run.name(unscaled(held[s])));
  steps.forEach((step, s) => {
    switch (step.op) {
      case 'uniform': {
        const first = generatorOf(steps, s);
        if (first === s) emitStep(skip, wordsAt(skip, places[s]));
        return held.push(first === s ? emitSample(run, places[s]) : held[first]);
      }
      case 'constant':
        return held.push({ ...plain(run.load(places[s])), constant: true });
      case 'chunk':
        return held.push(plain(run.name(elementsAt(places[s], step.dtype))));
      case 'astype': {
        const [arg] = step.args;
        return held.push(plain(run.name(convert(valueOf(arg), steps[arg].dtype, step.dtype))));
      }
      default: {
        const { op, args } = step as ElementwiseStep; // an index is not covered
        const operands = args.map((arg) => held[arg]);
        const result =
          onScaled(op, operands, (value) => run.once(value)) ?? plainResult(op, args.map(valueOf));
        return held.push({ ...result, code: run.name(result.code) });
      }
    }
  });
  const last = steps.length - 1;
  if (reduce === 'none') emitStore(run, valueOf(last), steps[last].dtype, result);
  else emitReduction(run, reduce, valueOf(last), steps[last].dtype, lanes);
  return [run.finish('run'), skip.finish('skip')];
}

function plainResult(op: ElementwiseName, [a, b, c]: readonly Code[]): Scaled {
  return plain(ELEMENTWISE[op].simd(a, b, c));
}

/** Emits four samples, one of each lane, and the generators' step (see sampling/stream.ts). */
function emitSample(loop: Loop, place: number): Scaled {
  const words = wordsAt(loop, place);
  const sum: Code = [words[0].get, words[3].get, 'i32x4.add'];
  const code = loop.name([sum, 'i32.const', 32 - SAMPLE_BITS, 'i32x4.shr_u', 'f32x4.convert_i32x4_s']);
  emitStep(loop, words);
  return { code, shift: SAMPLE_BITS, size: SAMPLE_BITS };
}

function wordsAt(loop: Loop, place: number): readonly Local[] {
  return [0, 1, 2, 3].map((word) => loop.keep(place + word * VECTOR_BYTES));
}

/** Emits a step of xoshiro128+: of four generators at once. */
function emitStep(loop: Loop, [s0, s1, s2, s3]: readonly Local[]): void {
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
  return [
    [AT, 'v128.load32_zero', 0, place],
    ['i16x8.extend_low_i8x16_u', 'i32x4.extend_low_i16x8_u', ZERO, 'i32x4.ne'],
  ];
}

/** Stores four elements to the piece of the result, bools as bytes of 0 and 1. */
function emitStore(loop: Loop, value: Code, dtype: DType, place: number): void {
  if (dtype === 'float32') return loop.add([FLOATS_AT, value, 'v128.store', 0, place]);
  const words: Code = [value, 'i32.const', 31, 'i32x4.shr_u'];
  const bytes: Code = [words, ZERO, 'i16x8.narrow_i32x4_s', ZERO, 'i8x16.narrow_i16x8_s'];
  loop.add([AT, bytes, 'v128.store32_lane', 0, place, 0]);
}

/** A vector of bools as float32, or the other way round: a true lane, all ones, is -1. */
function convert(value: Code, from: DType, to: DType): Code {
  if (from === to) return value;
  return to === 'bool' ? [value, ZERO, 'f32x4.ne'] : [value, 'f32x4.convert_i32x4_s', 'f32x4.abs'];
}

function emitReduction(loop: Loop, reduce: Reduction, value: Code, dtype: DType, place: number): void {
  const lanes = loop.keep(place);
  if (reduce === 'count') {
    return loop.add(lanes.set(lanes.get, convert(value, dtype, 'bool'), 'i32x4.sub')); // true is -1
  }
  const floats = loop.name(convert(value, dtype, 'float32'));
  if (reduce !== 'sum') {
    return loop.add(lanes.set(lanes.get, floats, reduce === 'min' ? 'f32x4.min' : 'f32x4.max'));
  }
  // Lanes 0 and 1 are added as float64, then lanes 2 and 3, which a shuffle of bytes brings to the front.
  const rear: Code = [floats, floats, 'i8x16.shuffle', 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];
  const others = loop.keep(place + VECTOR_BYTES);
  loop.add(lanes.set(lanes.get, floats, 'f64x2.promote_low_f32x4', 'f64x2.add'));
  loop.add(others.set(others.get, rear, 'f64x2.promote_low_f32x4', 'f64x2.add'));
}

// Every function has its parameter `end` as local 0, the number of the next element as local 1, then vectors.
const AT: Code = ['local.get', 1];
const FLOATS_AT: Code = [AT, 'i32.const', 2, 'i32.shl'];
const REPEAT: Code = [
  AT,
  'i32.const',
  LANES,
  'i32.add',
  'local.tee',
  1,
  'local.get',
  0,
  'i32.lt_u',
  'br_if',
  0,
];
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

  /** Computes a value in the loop; gives code that pushes it. */
  name(value: Code): Code {
    const { get, set } = this.newLocal();
    this.add(set(value));
    return get;
  }

  /** Computes a value before the loop; gives code that pushes it. */
  once(value: Code): Code {
    const { get, set } = this.newLocal();
    this.before.push(set(value));
    return get;
  }

  /** Loads a vector before the loop; gives code that pushes it. */
  load(place: number): Code {
    return this.once(['i32.const', 0, 'v128.load', 0, place]);
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
