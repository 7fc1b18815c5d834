import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sourcesIn, type Source } from './sources.js';

/** A unit may import from those before it. Units in one list never import one another. */
const UNITS: readonly (readonly string[])[] = [
  ['lib/errors.ts', 'lib/cores.mjs', 'lib/owner.mjs', 'lib/atomic.ts'],
  ['lib/machine.ts', 'lib/entrance.ts', 'lib/lola.ts'],
  ['lib/page-machine.ts', 'lib/sampling/'],
  ['lib/task/'],
  ['lib/simd/'],
  ['lib/execute/'],
  ['lib/array/', 'lib/cluster/', 'lib/slurm/'],
  ['lib/simulation/'],
  ['lib/estimators/'],
  ['lib/index.ts'],
  ['tools/measure/'],
  ['tools/slurm/'],
  ['lesson/charts/'],
  ['tools/dashboard/'],
  ['room/answer.ts', 'room/names.ts', 'room/version.ts'],
  ['room/client.ts'],
  ['lesson/'],
  ['room/'],
  ['tools/cli/'],
  ['tools/index.ts'],
];
/** simd is a room that a reader may skip: it has one way in. */
const WAY_INTO_SIMD = /^lib\/task\/evaluate\.ts -> lib\/simd\//;
/** Lesson, tools and room enter lib by these alone. A program that starts one thing loads its file alone: it is up sooner. */
const DOORS =
  /^lib\/(index|errors|machine|atomic|entrance|[a-z]+\/index|execute\/threads|cluster\/(dial|scheduler-file|start-scheduler|worker-shell))\.ts$/;
/** Files of lib in which sockets, threads, processes and timers may be. */
const WITH_IO =
  /^lib\/(execute|slurm)\/|^lib\/(machine|atomic|lola|entrance)|^lib\/cluster\/(client-shell|connect|connection|dial|link|local|scheduler-file|scheduler-shell|start-scheduler|websocket|worker-shell)\.ts/;
const IO = /^(node:)?(net|http|https|child_process|worker_threads|cluster|fs|fs\/promises|dgram|tls)$|^ws$/;

const sources = sourcesIn('lib', 'lesson', 'tools', 'room');
/** The longest name counts: lesson/charts/ is not part of the unit lesson/. */
const unitOf = (file: string) =>
  UNITS.flat()
    .filter((unit) => file.startsWith(unit))
    .sort((a, b) => b.length - a.length)
    .at(0);
const rankOf = (unit: string | undefined) => UNITS.findIndex((units) => units.includes(unit ?? ''));
const ours = (file: string) => /^(lib|lesson|tools|room)\//.test(file);
const arrows = (from: readonly Source[], wrong: (from: string, to: string) => boolean) =>
  from.flatMap(({ file, targets }) =>
    targets.filter((target) => wrong(file, target)).map((target) => `${file} -> ${target}`),
  );

describe('the house', () => {
  test('every file belongs to a unit', () => {
    expect(sources.map(({ file }) => file).filter((file) => unitOf(file) === undefined)).toEqual([]);
  });

  test('arrows go one way: no file imports from a later unit, or from a neighbour of its own', () => {
    const wrong = arrows(sources, (from, to) => {
      const [a, b] = [unitOf(from), unitOf(to)];
      return ours(to) && a !== b && rankOf(b) >= rankOf(a);
    });
    expect(wrong.filter((arrow) => !WAY_INTO_SIMD.test(arrow))).toEqual([]);
  });

  test('lesson, tools and room enter lib by its doors alone', () => {
    const wrong = arrows(
      sources,
      (from, to) => !from.startsWith('lib/') && to.startsWith('lib/') && !DOORS.test(to),
    );
    expect(wrong).toEqual([]);
  });

  test('nothing imports or names a file outside lib, lesson, tools and room', () => {
    const outside = (target: string) =>
      target.startsWith('..') || /^(scripts|test|episodes|notebooks|jupyter)\//.test(target);
    expect(arrows(sources, (_, to) => outside(to))).toEqual([]);
    const named = /['"`/](\.\.\/)+(scripts|episodes|notebooks|test)\//;
    expect(sources.filter(({ text }) => named.test(text)).map(({ file }) => file)).toEqual([]);
  });

  test('no circles between files', () => {
    const targets = new Map(sources.map(({ file, targets }) => [file, targets.filter(ours)]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]) => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      if (path.includes(file) || done.has(file)) return;
      for (const target of targets.get(file) ?? []) visit(target, [...path, file]);
      done.add(file);
    };
    for (const { file } of sources) visit(file, []);
    expect(circles).toEqual([]);
  });

  test('in lib, sockets, threads, processes and timers live at the edges only', () => {
    const inside = sources.filter(({ file }) => file.startsWith('lib/') && !WITH_IO.test(file));
    expect(arrows(inside, (_, to) => IO.test(to))).toEqual([]);
    expect(
      inside.filter(({ text }) => /\bset(Timeout|Interval)\(/.test(text)).map(({ file }) => file),
    ).toEqual([]);
  });

  test('is cited by the version that package.json has', () => {
    const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(/^version: (.*)$/m.exec(read('CITATION.cff'))?.[1]).toBe(version);
  });

  test('every file opens with what it is for, and there are no default exports', () => {
    expect(sources.filter(({ text }) => !/^(\/\/|\/\*\*|#!)/.test(text)).map(({ file }) => file)).toEqual([]);
    expect(sources.filter(({ text }) => /^export default/m.test(text)).map(({ file }) => file)).toEqual([]);
  });
});
