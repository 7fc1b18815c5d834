// A small graph as SVG: a box for each task, a column for each chunk, time downwards.
import type { Graph, Input, Layer } from './lower.js';

const BOX = { width: 108, height: 30, gapX: 14, gapY: 26 };

interface Place {
  readonly x: number;
  readonly y: number;
}

/** Draws every task of a graph and what it reads. Numbers of the caller's own (the tree over the chunks) come last. */
export function drawGraph({ layers, roots }: Graph): string {
  const rows = rowsOf(layers);
  const widest = Math.max(1, ...rows.map((row) => row.length)); // layers side by side in one chunk's column
  const places = new Map<string, Place>();
  for (const [r, row] of rows.entries()) {
    for (const [l, layer] of row.entries()) {
      layer.chunks.sizes.forEach((_, c) => {
        const x = (c * widest + l + (widest - row.length) / 2) * (BOX.width + BOX.gapX);
        places.set(`${layer.key}/${c}`, { x, y: r * (BOX.height + BOX.gapY) });
      });
    }
  }
  const parts = layers.flatMap((layer) => drawLayer(layer, places));
  const numbers = roots.flatMap(({ reduction, input }) =>
    reduction && 'layer' in input ? [{ reduction, layer: input.layer }] : [],
  );
  for (const [i, { reduction, layer }] of numbers.entries()) {
    const at = { x: i * (BOX.width + BOX.gapX), y: rows.length * (BOX.height + BOX.gapY) };
    const parents = [...places].filter(([key]) => key.startsWith(`${layer}/`)).map(([, place]) => place);
    parts.push(
      ...parents.map((parent) => line(parent, at)),
      box(at, `${reduction} of all`, `the tree of ${layer}`, '#fff3d6'),
    );
    places.set(`number ${i}`, at);
  }
  const width = Math.max(...[...places.values()].map(({ x }) => x), 0) + BOX.width + 2;
  const height = Math.max(...[...places.values()].map(({ y }) => y), 0) + BOX.height + 2;
  const lines = parts.filter((part) => part.startsWith('<line')); // under the boxes
  const boxes = parts.filter((part) => !part.startsWith('<line'));
  const tasks = layers.reduce((sum, { chunks }) => sum + chunks.sizes.length, 0);
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="A graph of ${tasks} tasks" viewBox="-1 -1 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="11">${lines.join('')}${boxes.join('')}</svg>`;
}

/** Layers by the longest way to them. */
function rowsOf(layers: readonly Layer[]): readonly (readonly Layer[])[] {
  const depth = new Map<string, number>();
  const rows: Layer[][] = [];
  for (const layer of layers) {
    const above = (input: Input): number => ('layer' in input ? depth.get(input.layer)! + 1 : 0);
    const row = Math.max(0, ...layer.inputs.map(above), ...(layer.from ? [above(layer.from)] : []));
    depth.set(layer.key, row);
    (rows[row] ??= []).push(layer);
  }
  return rows;
}

function drawLayer(
  { key, operations, chunks, inputs, from }: Layer,
  places: ReadonlyMap<string, Place>,
): string[] {
  return chunks.sizes.flatMap((_, c) => {
    const at = places.get(`${key}/${c}`)!;
    const read = inputs.flatMap((input) => ('layer' in input ? [places.get(`${input.layer}/${c}`)!] : []));
    const anywhere =
      from && 'layer' in from
        ? [...places].filter(([task]) => task.startsWith(`${from.layer}/`)).map(([, place]) => place)
        : [];
    const label = operations.length === 1 ? operations[0] : `${operations.length} operations`;
    return [
      ...[...read, ...anywhere].map((parent) => line(parent, at)),
      box(at, `${label} / ${c}`, `${key}/${c}: ${operations.join(', ')}`, '#dbeafe'),
    ];
  });
}

function line(from: Place, to: Place): string {
  return `<line x1="${from.x + BOX.width / 2}" y1="${from.y + BOX.height}" x2="${to.x + BOX.width / 2}" y2="${to.y}" stroke="#666"/>`;
}

function box({ x, y }: Place, label: string, title: string, fill: string): string {
  const text = `<text x="${x + BOX.width / 2}" y="${y + BOX.height / 2 + 4}" text-anchor="middle" fill="#111">${label}</text>`;
  return `<g><title>${title}</title><rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="4" fill="${fill}" stroke="#334"/>${text}</g>`;
}
