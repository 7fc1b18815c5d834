// What compute would do, before it does it: tasks, bytes that move, bytes that wait; before fusion and after.
import { describeBytes, type Lazy } from './compute.js';
import { drawPlan } from './draw.js';
import { bytesOf } from './node.js';
import { isNumber, lastReaders, plan, type Layer } from './plan.js';

/** The cost of one layer: all its chunks together. */
export interface LayerCost {
  readonly key: string;
  readonly operations: readonly string[];
  readonly tasks: number;
  /** Bytes of the chunks that its tasks are sent. */
  readonly bytesIn: number;
  /** Bytes of what its tasks give back (for indices: at most). */
  readonly bytesOut: number;
}

/** The cost of a plan. */
export interface GraphCost {
  readonly tasks: number;
  /** Bytes between the caller and the tasks, both ways. */
  readonly bytesMoved: number;
  /** The most bytes that wait with the caller at one time, for the largest chunk and all that is computed from it. */
  readonly peakBytesPerChunk: number;
  readonly layers: readonly LayerCost[];
}

/** The costs as plain data, as a table, and as a picture of a small plan. */
export interface Explanation {
  readonly before: GraphCost;
  readonly after: GraphCost;
  readonly table: string;
  /** SVG of the plan before and after fusion; undefined above 40 tasks. */
  readonly svg?: { readonly before: string; readonly after: string };
}

/** Explains what compute would do for an array or a number. Computes nothing. */
export function explain({ node }: Lazy): Explanation {
  const [before, after] = [plan(node, false), plan(node)];
  const costs = { before: costOf(before), after: costOf(after) };
  const isSmall = costs.before.tasks <= 40;
  const svg = isSmall ? { before: drawPlan(before), after: drawPlan(after) } : undefined;
  return { ...costs, table: tableOf(costs.before, costs.after), svg };
}

function costOf(plan: readonly Layer[]): GraphCost {
  const layers = plan.map((layer): LayerCost => {
    const { key, operations, chunks, inputs } = layer;
    const tasks = chunks.sizes.length;
    const bytesIn = inputs.reduce((bytes, { dtype }) => bytes + bytesOf(dtype, chunks.length), 0);
    return { key, operations, tasks, bytesIn, bytesOut: outputBytes(layer, chunks.length, tasks) };
  });
  return {
    tasks: layers.reduce((sum, { tasks }) => sum + tasks, 0),
    bytesMoved: layers.reduce((sum, { bytesIn, bytesOut }) => sum + bytesIn + bytesOut, 0),
    peakBytesPerChunk: peakOf(plan),
    layers,
  };
}

/** Bytes of what tasks give back: elements, or a number of eight bytes for each task. */
function outputBytes(layer: Layer, elements: number, tasks: number): number {
  return isNumber(layer) ? 8 * tasks : bytesOf(layer.dtype, elements);
}

/** Goes through the layers as compute does, for the largest chunk, and lets go of each value after its last reader. */
function peakOf(layers: readonly Layer[]): number {
  const readers = lastReaders(layers);
  const waiting = new Map<string, number>(); // bytes, by layer
  let peak = 0;
  for (const layer of layers) {
    const size = layer.chunks.sizes.reduce((most, one) => Math.max(most, one), 0);
    waiting.set(layer.key, outputBytes(layer, size, 1));
    peak = Math.max(
      peak,
      [...waiting.values()].reduce((sum, bytes) => sum + bytes, 0),
    );
    for (const { key } of layer.inputs) if (readers.get(key) === layer) waiting.delete(key);
  }
  return peak;
}

function tableOf(before: GraphCost, after: GraphCost): string {
  const rows = [
    ['', 'tasks', 'bytes moved', 'peak a chunk'],
    ...rowsOf('before', before),
    ...rowsOf('after', after),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const pad = (cell: string, c: number): string =>
    c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c]);
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

function rowsOf(when: string, { tasks, bytesMoved, peakBytesPerChunk, layers }: GraphCost): string[][] {
  const total = [`${when} fusion`, `${tasks}`, describeBytes(bytesMoved), describeBytes(peakBytesPerChunk)];
  const each = layers.map(({ operations, tasks, bytesIn, bytesOut }) => {
    return [`  ${shorten(operations)}`, `${tasks}`, describeBytes(bytesIn + bytesOut), ''];
  });
  return [total, ...each];
}

function shorten(operations: readonly string[]): string {
  if (operations.length <= 8) return operations.join(', ');
  return `${operations.slice(0, 7).join(', ')}, ... (${operations.length} operations)`;
}
