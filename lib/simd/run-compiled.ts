// Runs compiled expressions block by block: brings states, constants and chunks to memory, and results back from there.
import { BLOCK, LANES, laneState } from '../sampling/stream.js';
import { PIECE, compile, type Compiled } from './compile.js';
import { ARRAY_OF, EMPTY, foldLanes, newArray } from '../task/interpret.js';
import type { DType, Expression, Step, TypedArray } from '../task/task.js';
import { threadMemory } from './wasm.js';

/** Whether this thread can run compiled expressions. */
export function simdSupported(): boolean {
  return threadMemory() !== undefined;
}

/**
 * Computes what interpret computes, bit for bit, for an expression that is checked and covered, where SIMD is supported.
 * One call of the module covers a block at most: V8 replaces a function by faster code only at its next call.
 */
export function runCompiled(
  expression: Expression,
  start: number,
  length: number,
  chunks: readonly TypedArray[],
): number | TypedArray {
  const { reduce } = expression;
  const frame = openFrame(expression, compile(expression), length, chunks);
  let total = EMPTY[reduce];
  for (let done = 0; done < length;) {
    const block = Math.floor((start + done) / BLOCK);
    const from = start + done - block * BLOCK;
    const to = Math.min(BLOCK, from + (length - done));
    writeStates(frame, block);
    frame.lanes.fill(EMPTY[reduce]);
    runBlock(frame, from, to, done);
    total = foldLanes(reduce, total, frame.lanes);
    done += to - from;
  }
  return frame.output?.whole ?? total;
}

/** A module's memory, as arrays of what lies there. */
interface Frame {
  readonly compiled: Compiled;
  readonly generators: readonly { readonly step: UniformStep; readonly words: Uint32Array }[];
  readonly lanes: Float32Array | Float64Array | Int32Array;
  readonly inputs: readonly Passing[];
  readonly output: Passing | undefined;
}

/** A chunk or the result, and its piece in memory. */
interface Passing {
  readonly whole: TypedArray;
  readonly piece: TypedArray;
}

type UniformStep = Step & { readonly op: 'uniform' };

/** A sum's lanes are float64, as interpret's. A block's count fits 32 bits. */
const LANES_OF = {
  none: Float32Array,
  count: Int32Array,
  sum: Float64Array,
  min: Float32Array,
  max: Float32Array,
};

const PAGE_BYTES = 65_536;

/** Makes room in memory and writes what is the same for all blocks. */
function openFrame(
  { steps, reduce }: Expression,
  compiled: Compiled,
  length: number,
  chunks: readonly TypedArray[],
): Frame {
  const memory = threadMemory()!;
  const missing = Math.ceil((compiled.size - memory.buffer.byteLength) / PAGE_BYTES);
  if (missing > 0) memory.grow(missing);
  const { buffer } = memory;
  const { places } = compiled;
  const pass = (whole: TypedArray, place: number, dtype: DType): Passing => ({
    whole,
    piece: new ARRAY_OF[dtype](buffer, place, PIECE),
  });
  const generators: { step: UniformStep; words: Uint32Array }[] = [];
  const inputs: Passing[] = [];
  steps.forEach((step, s) => {
    if (step.op === 'uniform' && compiled.generators.includes(s))
      generators.push({ step, words: new Uint32Array(buffer, places[s], 4 * LANES) });
    else if (step.op === 'chunk') inputs.push(pass(chunks[step.chunk], places[s], step.dtype));
    else if (step.op === 'constant' && step.dtype === 'bool')
      new Int32Array(buffer, places[s], LANES).fill(-step.value); // true is all ones
    else if (step.op === 'constant') new Float32Array(buffer, places[s], LANES).fill(step.value);
  });
  const { dtype } = steps[steps.length - 1];
  const output = reduce === 'none' ? pass(newArray(dtype, length), compiled.result, dtype) : undefined;
  return { compiled, generators, lanes: new LANES_OF[reduce](buffer, compiled.lanes, LANES), inputs, output };
}

/** Sets every generator to its block's first samples: word w of the four lanes is one vector. */
function writeStates({ generators }: Frame, block: number): void {
  for (const { step, words } of generators) {
    for (let lane = 0; lane < LANES; lane++) {
      const state = laneState(step.key, step.stream, block, lane);
      for (let w = 0; w < 4; w++) words[w * LANES + lane] = state[w];
    }
  }
}

/** Computes elements `from` to `to` - 1 of a block; the first of them is number `done` of the range. */
function runBlock(
  { compiled, generators, lanes, inputs, output }: Frame,
  from: number,
  to: number,
  done: number,
): void {
  if (from >= LANES && generators.length > 0) compiled.skip(from - (from % LANES));
  const most = output || inputs.length > 0 ? PIECE : BLOCK;
  for (let j = from, size; j < to; j += size, done += size) {
    const lane = j % LANES;
    const whole = Math.min(to - j - ((to - j) % LANES), most);
    size = lane > 0 || whole === 0 ? Math.min(LANES - lane, to - j) : whole; // a part of a vector, or whole vectors
    for (const { whole, piece } of inputs) piece.set(whole.subarray(done, done + size), lane);
    if (size >= LANES) compiled.run(size);
    else runPart(compiled, lanes, lane, lane + size);
    output?.whole.set(output.piece.subarray(lane, lane + size), done);
  }
}

/** Runs one vector of which only lanes `from` to `to` - 1 are wanted: the others' effect is undone. */
function runPart(compiled: Compiled, lanes: Frame['lanes'], from: number, to: number): void {
  const before = lanes.slice();
  compiled.run(LANES);
  for (let lane = 0; lane < LANES; lane++) if (lane < from || lane >= to) lanes[lane] = before[lane];
}
