// Runs compiled expressions block by block: puts states, constants and chunks into memory, and takes results out of it.
import type { Words } from '../sampling/philox.js';
import { BLOCK, LANES, laneState } from '../sampling/stream.js';
import { ARRAY_OF, EMPTY, foldLanes, newArray } from '../task/interpret.js';
import type { DType, Expression, Step, TypedArray } from '../task/operations.js';
import { PIECE, compile, type Compiled } from './compile.js';
import { threadMemory } from './wasm.js';

/**
 * Computes what interpret computes, bit for bit, for a checked and covered expression, in a thread that supports SIMD.
 * One call of the module covers at most a block, because V8 replaces a function by faster code only at its next call.
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
  return frame.output?.array ?? total;
}

/** A module's memory, as arrays. */
interface Frame {
  readonly compiled: Compiled;
  readonly streams: readonly Stream[];
  readonly lanes: Float32Array | Float64Array | Int32Array;
  readonly inputs: readonly Staged[];
  readonly output: Staged | undefined;
}

interface Stream {
  readonly step: Step & { readonly op: 'uniform' };
  readonly words: Uint32Array;
}

/** A chunk or the result, and the place in memory for a piece of it. */
interface Staged {
  readonly array: TypedArray;
  readonly piece: TypedArray;
}

const PAGE_BYTES = 65_536;

/** Makes room in memory, and writes what is the same for all blocks. */
function openFrame(
  { steps, reduce }: Expression,
  compiled: Compiled,
  length: number,
  chunks: readonly TypedArray[],
): Frame {
  const buffer = memoryOf(compiled.size);
  const { places } = compiled;
  const stage = (array: TypedArray, place: number, dtype: DType): Staged => {
    return { array, piece: new ARRAY_OF[dtype](buffer, place, PIECE) };
  };
  const streams = compiled.generators.map((s) => {
    return { step: steps[s] as Stream['step'], words: new Uint32Array(buffer, places[s], 4 * LANES) };
  });
  const inputs: Staged[] = [];
  steps.forEach((step, s) => {
    if (step.op === 'chunk') inputs.push(stage(chunks[step.chunk], places[s], step.dtype));
    if (step.op === 'constant') writeConstant(step, buffer, places[s]);
  });
  const { dtype } = steps[steps.length - 1];
  const output = reduce === 'none' ? stage(newArray(dtype, length), compiled.result, dtype) : undefined;
  // A sum's lanes are float64, as those of interpret. The count of a block fits 32 bits.
  const Lanes = reduce === 'sum' ? Float64Array : reduce === 'count' ? Int32Array : Float32Array;
  return { compiled, streams, lanes: new Lanes(buffer, compiled.lanes, LANES), inputs, output };
}

function memoryOf(bytes: number): ArrayBuffer {
  const memory = threadMemory()!;
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE_BYTES);
  if (missing > 0) memory.grow(missing);
  return memory.buffer;
}

function writeConstant(
  { dtype, value }: Step & { op: 'constant' },
  buffer: ArrayBuffer,
  place: number,
): void {
  if (dtype === 'bool')
    new Int32Array(buffer, place, LANES).fill(-value); // true is all ones
  else new Float32Array(buffer, place, LANES).fill(value);
}

/** One array for all: one for each lane and block would be garbage, by which the heap grows. */
const state: Words = [0, 0, 0, 0];

/** Sets every generator to its block's first samples: word w of the four lanes is one vector. */
function writeStates({ streams }: Frame, block: number): void {
  for (const { step, words } of streams) {
    for (let lane = 0; lane < LANES; lane++) {
      laneState(step.key, step.stream, block, lane, state);
      for (let w = 0; w < 4; w++) words[w * LANES + lane] = state[w];
    }
  }
}

/** Computes elements `from` to `to` - 1 of a block. The first one is element `done` of the range. */
function runBlock(frame: Frame, from: number, to: number, done: number): void {
  const { compiled, streams, lanes, inputs, output } = frame;
  if (from >= LANES && streams.length > 0) compiled.skip(from - (from % LANES));
  const most = output || inputs.length > 0 ? PIECE : BLOCK;
  for (let j = from, size: number; j < to; j += size, done += size) {
    const lane = j % LANES;
    size = sizeOfNext(j, to, most);
    for (const { array, piece } of inputs) piece.set(array.subarray(done, done + size), lane);
    if (size >= LANES) compiled.run(size);
    else runPart(compiled, lanes, lane, lane + size);
    output?.array.set(output.piece.subarray(lane, lane + size), done);
  }
}

/** How many elements to compute next, from element j on: whole vectors, or a part of one vector. */
function sizeOfNext(j: number, to: number, most: number): number {
  const lane = j % LANES;
  const inVectors = to - j - ((to - j) % LANES);
  if (lane > 0 || inVectors === 0) return Math.min(LANES - lane, to - j);
  return Math.min(inVectors, most);
}

/** Runs one vector of which only lanes `from` to `to` - 1 are wanted, and undoes its effect on the other lanes. */
function runPart(compiled: Compiled, lanes: Frame['lanes'], from: number, to: number): void {
  const before = lanes.slice();
  compiled.run(LANES);
  for (let lane = 0; lane < LANES; lane++) if (lane < from || lane >= to) lanes[lane] = before[lane];
}
