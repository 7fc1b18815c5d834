// What compute would do, before it does it: tasks, bytes that move, bytes that wait; before fusion and after.
import type { LazyNumber, ChunkedArray } from './array.js';
import { largest } from './chunks.js';
import { describeBytes, plan } from './compute.js';
import { drawGraph } from './draw.js';
import { nameOf, type Graph, type Layer } from './lower.js';
import { ITEM_BYTES } from './node.js';

/** One layer's tasks. Bytes are those of all its chunks; where sizes are not known, at most. */
export interface LayerCost {
  readonly key: string;
  readonly operations: readonly string[];
  readonly tasks: number;
  /** Bytes of the chunks that its tasks are sent. */
  readonly bytesIn: number;
  /** Bytes of what its tasks give back. */
  readonly bytesOut: number;
}

/** What a graph costs. */
export interface GraphCost {
  readonly tasks: number;
  /** Bytes between the caller and its tasks, both ways. */
  readonly bytesMoved: number;
  /** Most bytes that wait with the caller at one time for the largest chunk and all that is computed from it. */
  readonly peakBytesPerChunk: number;
  readonly layers: readonly LayerCost[];
}

/** The costs as plain data, as a table, and as a picture where the graph is small (40 tasks at most). */
export interface Explanation {
  readonly before: GraphCost;
  readonly after: GraphCost;
  readonly table: string;
  /** SVG of the graph before and after fusion; absent where it is too large to be read. */
  readonly svg?: { readonly before: string; readonly after: string };
}

/** Explains what compute would do for these arrays and numbers. Nothing is computed. */
export function explain(...wanted: readonly (ChunkedArray | LazyNumber)[]): Explanation {
  const graphs = { before: plan(wanted, false), after: plan(wanted) };
  const costs = { before: costOf(graphs.before), after: costOf(graphs.after) };
  const svg =
    costs.before.tasks <= 40
      ? { before: drawGraph(graphs.before), after: drawGraph(graphs.after) }
      : undefined;
  return { ...costs, table: tableOf(costs.before, costs.after), ...(svg && { svg }) };
}

function costOf({ layers }: Graph): GraphCost {
  const costs = layers.map((layer): LayerCost => {
    const { length, sizes } = largest(layer.chunks);
    const { key, operations } = layer;
    return {
      key,
      operations,
      tasks: sizes.length,
      bytesIn: inputBytes(layer) * length,
      bytesOut: outputBytes(layer, length, sizes.length),
    };
  });
  const sum = (of: (cost: LayerCost) => number): number => costs.reduce((total, cost) => total + of(cost), 0);
  return {
    tasks: sum(({ tasks }) => tasks),
    bytesMoved: sum(({ bytesIn, bytesOut }) => bytesIn + bytesOut),
    peakBytesPerChunk: peakOf(layers),
    layers: costs,
  };
}

/** Bytes sent for each element. A take is counted with its indices and as many elements as it takes. */
function inputBytes({ steps, from, outputs }: Layer): number {
  if (from) return ITEM_BYTES.integer + ITEM_BYTES[outputs[0].dtype];
  return steps.reduce((bytes, step) => bytes + (step.op === 'chunk' ? ITEM_BYTES[step.dtype] : 0), 0);
}

function outputBytes({ outputs }: Layer, length: number, chunks: number): number {
  return outputs.reduce((bytes, { gives, dtype }) => {
    if (gives === 'none' || gives === 'compress' || gives === 'indices')
      return bytes + length * ITEM_BYTES[dtype];
    return bytes + chunks * (gives === 'moments' ? 3 : 1) * 8;
  }, 0);
}

/** Goes through the layers as compute does, for the largest chunk, and lets go of each output after its last reader. */
function peakOf(layers: readonly Layer[]): number {
  const readers = new Map(
    layers.flatMap(({ inputs, from }, l) =>
      [...inputs, ...(from ? [from] : [])].map((input) => [nameOf(input), l]),
    ),
  );
  const waiting = new Map<string, number>();
  let peak = 0;
  for (const [l, layer] of layers.entries()) {
    const size = largest(layer.chunks).sizes.reduce((most, one) => Math.max(most, one), 0);
    for (const [o, output] of layer.outputs.entries()) {
      waiting.set(
        nameOf({ layer: layer.key, output: o }),
        outputBytes({ ...layer, outputs: [output] }, size, 1),
      );
    }
    peak = Math.max(
      peak,
      [...waiting.values()].reduce((sum, bytes) => sum + bytes, 0),
    );
    for (const name of waiting.keys()) if (readers.get(name) === l) waiting.delete(name);
  }
  return peak;
}

function tableOf(before: GraphCost, after: GraphCost): string {
  const rows = [['', 'tasks', 'bytes moved', 'peak a chunk']];
  for (const [name, cost] of [
    ['before fusion', before],
    ['after fusion', after],
  ] as const) {
    rows.push([
      name,
      String(cost.tasks),
      describeBytes(cost.bytesMoved),
      describeBytes(cost.peakBytesPerChunk),
    ]);
    for (const { operations, tasks, bytesIn, bytesOut } of cost.layers) {
      rows.push([`  ${shorten(operations)}`, String(tasks), describeBytes(bytesIn + bytesOut), '']);
    }
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, c) => (c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function shorten(operations: readonly string[]): string {
  return operations.length <= 8
    ? operations.join(', ')
    : `${operations.slice(0, 7).join(', ')}, ... (${operations.length} operations)`;
}
