// Fusion: layers that share their chunks become one, so that a chunk is one task and what lies between needs no array.
import type { Step } from '../task/task.js';
import { nameOf, type Graph, type Input, type Layer, type Output, type Root } from './lower.js';

/**
 * Inlines every task whose dependents share its chunk: layers that read one another element by element, or read the
 * same input, become one layer with all their steps. Fusion ends where chunks do: at a take, and at what a condition
 * selects. The values are the same, bit for bit.
 */
export function fuse(graph: Graph): Graph {
  const groups = groupLayers(graph.layers);
  const members = new Map<string, Layer[]>();
  for (const layer of graph.layers) {
    const group = members.get(groups.get(layer.key)!);
    if (group) group.push(layer);
    else members.set(groups.get(layer.key)!, [layer]);
  }
  const wanted = wantedOutside(graph, groups);
  const renamed = new Map<string, Input>(); // an output's name before fusion; where it is now
  const fused = [...members.values()].map((layers) => merge(layers, wanted, renamed));
  const rename = (input: Input): Input => renamed.get(nameOf(input)) ?? input;
  const layers = fused.map((layer) => ({
    ...layer,
    inputs: layer.inputs.map(rename),
    ...(layer.from && { from: rename(layer.from) }),
  }));
  const roots = graph.roots.map((root): Root => ({ ...root, input: rename(root.input) }));
  return { layers: sorted(layers), roots };
}

/** For each layer the key of its group's first. */
function groupLayers(layers: readonly Layer[]): ReadonlyMap<string, string> {
  const byKey = new Map(layers.map((layer) => [layer.key, layer]));
  const parent = new Map(layers.map(({ key }) => [key, key]));
  const find = (key: string): string => {
    let top = key;
    while (parent.get(top) !== top) top = parent.get(top)!;
    for (let k = key; k !== top;) {
      const next = parent.get(k)!;
      parent.set(k, top);
      k = next;
    }
    return top;
  };
  const readers = new Map<string, string>(); // an input's name and level; the first layer that reads it
  for (const layer of layers) {
    if (layer.from) continue;
    for (const input of layer.inputs) {
      const maker = 'data' in input ? undefined : byKey.get(input.layer)!;
      const joins = maker && !maker.from && maker.level === layer.level && maker.outputs[0].gives === 'none';
      const name = `${nameOf(input)} ${layer.level}`;
      const other = joins ? maker.key : readers.get(name);
      if (other === undefined) readers.set(name, layer.key);
      else parent.set(find(layer.key), find(other));
    }
  }
  return new Map(layers.map(({ key }) => [key, find(key)]));
}

/** The outputs that the caller or another group reads, by name. */
function wantedOutside(graph: Graph, groups: ReadonlyMap<string, string>): ReadonlySet<string> {
  const wanted = new Set(graph.roots.map(({ input }) => nameOf(input)));
  for (const { key, inputs, from } of graph.layers) {
    for (const input of inputs)
      if ('layer' in input && groups.get(input.layer) !== groups.get(key)) wanted.add(nameOf(input));
    if (from) wanted.add(nameOf(from));
  }
  return wanted;
}

/** One layer of several: their steps in order, reading one another's in place of chunks. */
function merge(members: readonly Layer[], wanted: ReadonlySet<string>, renamed: Map<string, Input>): Layer {
  const last = members[members.length - 1];
  if (members.length === 1) return last;
  const steps: Step[] = [];
  const inputs: Input[] = [];
  const outputs: Output[] = [];
  const made = new Map<string, number>(); // an output's or input's name; the step that gives it here
  for (const layer of members) {
    const places: number[] = []; // where each of the layer's steps is now
    for (const step of layer.steps) {
      const name = step.op === 'chunk' ? nameOf(layer.inputs[step.chunk]) : '';
      const known = made.get(name);
      if (known !== undefined) places.push(known);
      else if (step.op === 'chunk') {
        places.push(steps.push({ ...step, chunk: inputs.push(layer.inputs[step.chunk]) - 1 }) - 1);
        made.set(name, steps.length - 1);
      } else
        places.push(
          steps.push('args' in step ? { ...step, args: step.args.map((arg) => places[arg]) } : step) - 1,
        );
    }
    const [output] = layer.outputs; // lowering gives each layer one
    const name = nameOf({ layer: layer.key, output: 0 });
    if (output.gives === 'none') made.set(name, places[output.step]);
    if (!wanted.has(name) && output.gives === 'none') continue;
    const moved = output.gives === 'compress' ? { ...output, by: places[output.by] } : output;
    renamed.set(name, {
      layer: last.key,
      output: addOutput(outputs, { ...moved, step: places[output.step] }),
    });
  }
  const operations = members.flatMap((layer) => layer.operations);
  return { ...last, operations, steps, inputs, outputs };
}

/** The place of an output; a sum and a mean of one array need its sum once. */
function addOutput(outputs: Output[], output: Output): number {
  const same = outputs.findIndex(
    (known) => known.gives === output.gives && known.step === output.step && byOf(known) === byOf(output),
  );
  return same >= 0 ? same : outputs.push(output) - 1;
}

function byOf(output: Output): number | undefined {
  return output.gives === 'compress' ? output.by : undefined;
}

/** Each layer after those it reads. */
function sorted(layers: readonly Layer[]): readonly Layer[] {
  const byKey = new Map(layers.map((layer) => [layer.key, layer]));
  const done = new Set<Layer>();
  const visit = (layer: Layer): void => {
    if (done.has(layer)) return;
    for (const input of [...layer.inputs, ...(layer.from ? [layer.from] : [])])
      if ('layer' in input) visit(byKey.get(input.layer)!);
    done.add(layer);
  };
  layers.forEach(visit);
  return [...done];
}
