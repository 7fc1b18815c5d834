// The board: what a room predicted, and what its machines did.
import { speedUpsOf, type AtWorkers } from './race.js';
import type { RaceResult } from './race-file.js';
import { short } from './text.js';

/** One person's race on the board. Two people of one nickname stay two. */
export interface BoardEntry {
  readonly name: string;
  readonly result: RaceResult;
  /** The best measured speed-up of any stage; undefined if the machine could show none. */
  readonly best?: AtWorkers & { readonly stage: string };
}

/** An entry for each result, in their order. */
export function entriesOf(results: readonly RaceResult[]): BoardEntry[] {
  const seen = new Map<string, number>();
  return results.map((result) => {
    const { nickname = 'somebody' } = result;
    const count = (seen.get(nickname) ?? 0) + 1;
    seen.set(nickname, count);
    return { name: count === 1 ? nickname : `${nickname} (${count})`, result, best: bestOf(result) };
  });
}

function bestOf(result: RaceResult): BoardEntry['best'] {
  return Object.entries(speedUpsOf(result))
    .flatMap(([stage, points]) => points.map((point) => ({ ...point, stage })))
    .filter(({ workers }) => workers > 1)
    .sort((a, b) => b.speedUp.median - a.speedUp.median)[0];
}

/** A row for each person; the first is the head. */
export function boardTable(entries: readonly BoardEntry[]): string[][] {
  const rows = entries.map(({ name, result: { machine, prediction }, best }) => [
    name,
    machine.cpu,
    String(machine.coresAllotted),
    prediction === undefined ? '-' : short(prediction),
    best ? short(best.speedUp.median) : 'not measurable there',
    best ? `${best.stage}, ${best.workers}` : '-',
  ]);
  return [['nickname', 'processor', 'cores', 'predicted', 'best speed-up', 'by'], ...rows];
}
