// The board: what a room predicted, and what its machines did. Runs of another number of samples are shown apart.
import { speedUpsOf, type AtWorkers } from './race.js';
import type { RaceResult } from './race-file.js';
import { short } from './text.js';

/** One person's machine, as a race's file or a line tells it. */
export interface BoardEntry {
  readonly nickname?: string;
  readonly cpu: string;
  readonly cores: number;
  readonly samples: number;
  readonly prediction?: number;
  /** The stage with the best speed-up; missing, and without points, if the machine could show none. */
  readonly stage?: string;
  readonly points: readonly AtWorkers[];
}

export function entryOf(result: RaceResult): BoardEntry {
  const { nickname, prediction, machine, runs } = result;
  const { cpu, coresAllotted: cores } = machine;
  const best = ([, points]: [string, readonly AtWorkers[]]) => bestOf({ points })?.speedUp.median ?? 0;
  const [found] = Object.entries(speedUpsOf(result)).sort((a, b) => best(b) - best(a));
  const [stage, points] = found && best(found) > 0 ? found : [undefined, []];
  const samples = runs.reduce((most, run) => Math.max(most, run.samples), 0);
  return { nickname, cpu, cores, samples, prediction, stage, points };
}

/** The best measured speed-up. */
export function bestOf({ points }: Pick<BoardEntry, 'points'>): AtWorkers | undefined {
  const parallel = points.filter(({ workers }) => workers > 1);
  return parallel.sort((a, b) => b.speedUp.median - a.speedUp.median).at(0);
}

/** What ran the same number of samples, the largest group first: others are never mixed in. */
export function groupsOf<T extends { readonly samples: number }>(all: readonly T[]): [number, T[]][] {
  const groups = new Map<number, T[]>();
  for (const one of all) groups.set(one.samples, [...(groups.get(one.samples) ?? []), one]);
  return [...groups].sort((a, b) => b[1].length - a[1].length || b[0] - a[0]);
}

/** What each is called: two of one nickname stay two. */
export function namesOf(all: readonly { readonly nickname?: string }[]): string[] {
  const names = new Set<string>();
  for (const { nickname = 'somebody' } of all) {
    let [name, count] = [nickname, 1];
    while (names.has(name)) name = `${nickname} ${++count}`;
    names.add(name);
  }
  return [...names];
}

/** A table for each number of samples, with a row for each person; the first row is the head. */
export function boardTables(entries: readonly BoardEntry[]): string[][][] {
  const head = ['nickname', 'processor', 'cores', 'samples', 'predicted', 'best speed-up', 'by'];
  return groupsOf(entries).map(([samples, group]) => {
    const names = namesOf(group);
    const rows = group.map((entry, i) => {
      const { cpu, cores, prediction, stage } = entry;
      const best = bestOf(entry);
      const measured = best ? [short(best.speedUp.median), `${stage}, ${best.workers}`] : [];
      const [speedUp = 'not measurable there', by = '-'] = measured;
      const predicted = prediction === undefined ? '-' : short(prediction);
      return [names[i], cpu, String(cores), short(samples), predicted, speedUp, by];
    });
    return [head, ...rows];
  });
}
