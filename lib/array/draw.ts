// A small plan as SVG: a box for each task, a column for each chunk, time downwards.
import { isNumber, type Layer } from './plan.js';

const WIDTH = 108;
const HEIGHT = 30;
const GAP_X = 14;
const GAP_Y = 26;

type Place = { readonly x: number; readonly y: number };

/** Draws every task of a plan and what it reads. If the plan gives a number, the last box adds up those of all chunks. */
export function drawPlan(layers: readonly Layer[]): string {
  const places = placesOf(layers);
  const lines: string[] = [];
  const boxes: string[] = [];
  let [width, height] = [2, 2]; // with a margin of 1
  const draw = (at: Place, reads: readonly Place[], label: string, title: string, fill: string): void => {
    lines.push(...reads.map((from) => lineOf(from, at)));
    boxes.push(boxOf(at, label, title, fill));
    [width, height] = [Math.max(width, at.x + WIDTH + 2), Math.max(height, at.y + HEIGHT + 2)];
  };
  for (const { node, operations, inputs } of layers) {
    const label = operations.length === 1 ? operations[0] : `${operations.length} operations`;
    places.get(node.key)!.forEach((at, c) => {
      const reads = inputs.flatMap(({ key }) => places.get(key)?.[c] ?? []);
      draw(at, reads, `${label} / ${c}`, `${node.key}/${c}: ${operations.join(', ')}`, '#dbeafe');
    });
  }
  const tasks = boxes.length;
  for (const { node, operations } of layers.filter(isNumber)) {
    const label = `${operations[operations.length - 1]} of all`;
    draw({ x: 0, y: height - 2 + GAP_Y }, places.get(node.key)!, label, `the tree of ${node.key}`, '#fff3d6');
  }
  const shapes = [...lines, ...boxes].join(''); // lines are under the boxes
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="A graph of ${tasks} tasks" viewBox="-1 -1 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="11">${shapes}</svg>`;
}

/** The places of each layer's tasks. Layers of one depth stand side by side in the column of a chunk. */
function placesOf(layers: readonly Layer[]): ReadonlyMap<string, readonly Place[]> {
  const depths = new Map<string, number>();
  const rows: Layer[][] = [];
  for (const layer of layers) {
    const depth = Math.max(0, ...layer.inputs.map(({ key }) => (depths.get(key) ?? -1) + 1));
    depths.set(layer.node.key, depth);
    (rows[depth] ??= []).push(layer);
  }
  const widest = Math.max(0, ...rows.map(({ length }) => length));
  const places = new Map<string, readonly Place[]>();
  for (const [r, row] of rows.entries())
    for (const [l, { node }] of row.entries()) {
      const left = l + (widest - row.length) / 2;
      const columns = node.chunks.sizes.map((_, c) => (c * widest + left) * (WIDTH + GAP_X));
      const y = r * (HEIGHT + GAP_Y);
      places.set(
        node.key,
        columns.map((x) => ({ x, y })),
      );
    }
  return places;
}

function lineOf(from: Place, to: Place): string {
  return `<line x1="${from.x + WIDTH / 2}" y1="${from.y + HEIGHT}" x2="${to.x + WIDTH / 2}" y2="${to.y}" stroke="#666"/>`;
}

function boxOf({ x, y }: Place, label: string, title: string, fill: string): string {
  const text = `<text x="${x + WIDTH / 2}" y="${y + HEIGHT / 2 + 4}" text-anchor="middle" fill="#111">${label}</text>`;
  return `<g><title>${title}</title><rect x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}" rx="4" fill="${fill}" stroke="#334"/>${text}</g>`;
}
