// What compute would do, before it does it: tasks, bytes that move, bytes that wait; before fusion and after.
import { describeBytes, type Lazy } from './compute.js';
import { drawPlan } from './draw.js';
import { bytesOf } from './node.js';
import { isNumber, lastReaders, plan, type Layer } from './plan.js';

/** The cost of one layer. */
export interface LayerCost {
  readonly operations: readonly string[];
  readonly tasks: number;
  /** Bytes between the caller and the tasks, both ways (of indices: at most). */
  readonly bytesMoved: number;
}

/** The cost of a plan. */
export interface GraphCost extends Omit<LayerCost, 'operations'> {
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
  const [unfused, fused] = [plan(node, false), plan(node)];
  const [before, after] = [costOf(unfused), costOf(fused)];
  const svg = before.tasks <= 40 ? { before: drawPlan(unfused), after: drawPlan(fused) } : undefined;
  return { before, after, table: tableOf(before, after), svg };
}

function costOf(plan: readonly Layer[]): GraphCost {
  const layers = plan.map((layer): LayerCost => {
    const { operations, inputs } = layer;
    const { chunks } = layer.node;
    const tasks = chunks.sizes.length;
    const sent = inputs.reduce((bytes, { dtype }) => bytes + bytesOf(dtype, chunks.length), 0);
    return { operations, tasks, bytesMoved: sent + outputBytes(layer, chunks.length, tasks) };
  });
  return {
    tasks: layers.reduce((sum, { tasks }) => sum + tasks, 0),
    bytesMoved: layers.reduce((sum, { bytesMoved }) => sum + bytesMoved, 0),
    peakBytesPerChunk: peakOf(plan),
    layers,
  };
}

/** Bytes of what tasks give back: elements, or a number of eight bytes for each task. */
function outputBytes(layer: Layer, elements: number, tasks: number): number {
  return isNumber(layer) ? 8 * tasks : bytesOf(layer.node.dtype, elements);
}

/** Goes through the layers as compute does, for the largest chunk, and lets go of each value after its last reader. */
function peakOf(layers: readonly Layer[]): number {
  const readers = lastReaders(layers);
  const waiting = new Map<string, number>(); // bytes, by layer
  let peak = 0;
  for (const layer of layers) {
    const largest = layer.node.chunks.sizes.reduce((most, size) => Math.max(most, size), 0);
    waiting.set(layer.node.key, outputBytes(layer, largest, 1));
    const sum = [...waiting.values()].reduce((total, bytes) => total + bytes, 0);
    peak = Math.max(peak, sum);
    for (const { key } of layer.inputs) if (readers.get(key) === layer) waiting.delete(key);
  }
  return peak;
}

function tableOf(before: GraphCost, after: GraphCost): string {
  const head = ['', 'tasks', 'bytes moved', 'peak a chunk'];
  const rows = [head, ...rowsOf('before fusion', before), ...rowsOf('after fusion', after)];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const pad = (cell: string, c: number) => (c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c]));
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

function rowsOf(name: string, { tasks, bytesMoved, peakBytesPerChunk, layers }: GraphCost): string[][] {
  const total = [name, `${tasks}`, describeBytes(bytesMoved), describeBytes(peakBytesPerChunk)];
  const each = layers.map((layer) => {
    return [`  ${shorten(layer.operations)}`, `${layer.tasks}`, describeBytes(layer.bytesMoved), ''];
  });
  return [total, ...each];
}

function shorten(operations: readonly string[]): string {
  if (operations.length <= 8) return operations.join(', ');
  return `${operations.slice(0, 7).join(', ')}, ... (${operations.length} operations)`;
}
