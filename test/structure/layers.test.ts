import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const lib = fileURLToPath(new URL('../../lib', import.meta.url));

/** A layer may import from those before it; layers in one list never import one another. */
const LAYERS: readonly (readonly string[])[] = [
  ['errors', 'machine', 'atomic', 'lola'],
  ['sampling'],
  ['task'],
  ['execute', 'array', 'cluster', 'slurm'],
  ['estimators'],
  ['measure'],
  ['checks'],
  ['dashboard'],
  ['index'],
  ['cli'],
];
/** Folders and files in which sockets, threads, processes and timers may live. */
const WITH_IO =
  /^(execute|slurm|dashboard|cli)\/|^cluster\/(scheduler|worker|client|local|channel)|^(machine|atomic|lola)/;

interface Source {
  readonly file: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources: readonly Source[] = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => {
    const text = readFileSync(join(lib, file), 'utf8');
    const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, target]) => target);
    return { file: file.split(sep).join('/'), text, imports };
  });

const layerOf = (file: string) => file.split('/')[0].replace(/\.ts$/, '');
const rank = (layer: string) => LAYERS.findIndex((layers) => layers.includes(layer));
const targetOf = ({ file }: Source, path: string) =>
  relative(lib, join(lib, dirname(file), path))
    .split(sep)
    .join('/')
    .replace(/\.js$/, '.ts');
const inner = (source: Source) =>
  source.imports
    .filter((path) => path.startsWith('.'))
    .map((path) => targetOf(source, path))
    .filter((target) => !target.startsWith('..'));

describe('the house', () => {
  test('every file belongs to a layer', () => {
    expect(sources.map(({ file }) => layerOf(file)).filter((layer) => rank(layer) < 0)).toEqual([]);
  });

  test('arrows go one way: no file imports from a later layer, or from a neighbour in its own', () => {
    const wrong = sources.flatMap((source) =>
      inner(source)
        .filter((target) => {
          const [from, to] = [layerOf(source.file), layerOf(target)];
          return from !== to && rank(to) >= rank(from);
        })
        .map((target) => `${source.file} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('no circles between files', () => {
    const arrows = new Map(sources.map((source) => [source.file, inner(source)]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]) => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      if (path.includes(file) || done.has(file)) return;
      for (const target of arrows.get(file) ?? []) visit(target, [...path, file]);
      done.add(file);
    };
    for (const { file } of sources) visit(file, []);
    expect(circles).toEqual([]);
  });

  test('sockets, threads, processes and timers live at the edges only', () => {
    const io =
      /'(node:)?(net|http|https|child_process|worker_threads|cluster|fs|fs\/promises|dgram|tls)'|'(ws|piscina)'|\bset(Timeout|Interval)\(/;
    expect(
      sources.filter(({ file, text }) => !WITH_IO.test(file) && io.test(text)).map(({ file }) => file),
    ).toEqual([]);
  });

  test('what runs in browsers imports no Node module', () => {
    const core = sources.filter(({ file }) => /^(sampling|task)\//.test(file));
    expect(
      core.filter(({ imports }) => imports.some((path) => path.startsWith('node:'))).map(({ file }) => file),
    ).toEqual([]);
  });

  test('is cited by the version that package.json has', () => {
    const read = (name: string) => readFileSync(join(lib, '..', name), 'utf8');
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(/^version: (.*)$/m.exec(read('CITATION.cff'))?.[1]).toBe(version);
  });

  test('every file opens with what it is for, and there are no default exports', () => {
    expect(sources.filter(({ text }) => !/^(\/\/|\/\*\*|#!)/.test(text)).map(({ file }) => file)).toEqual([]);
    expect(sources.filter(({ text }) => /^export default/m.test(text)).map(({ file }) => file)).toEqual([]);
  });
});
