// `lola board`: a room's predictions and speed-ups together, from the files of `lola race --json`; nothing is sent anywhere.
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { InvalidArgumentError } from '../errors.js';
import { boardCharts, boardTable } from '../measure/board.js';
import { pageOf, type RaceResult } from '../measure/race.js';
import { readRace } from './race.js';
import { table } from './table.js';

export function addBoard(program: Command): void {
  program
    .command('board')
    .description("draw a room's predictions and speed-ups together, from the files of lola race --json")
    .argument('<FILES...>', 'one file a person')
    .option('--report <FILE>', 'also write an HTML page with the charts')
    .action(runBoard);
}

function runBoard(files: readonly string[], { report }: { readonly report?: string }): void {
  const results: RaceResult[] = [];
  for (const file of files) {
    try {
      results.push(readRace(file));
    } catch (error) {
      // One broken file must not keep the others off the board.
      if (!(error instanceof InvalidArgumentError)) throw error;
      process.stderr.write(`lola: left out: ${error.message}\n`);
    }
  }
  if (results.length === 0)
    throw new InvalidArgumentError(`board: none of the ${files.length} files is the result of a race.`);
  const [head, ...rows] = boardTable(results);
  process.stdout.write(`${table(head, rows)}\n`);
  if (report === undefined) return;
  try {
    writeFileSync(report, pageOf("Lola's pi: the board", [], [head, ...rows], boardCharts(results)));
  } catch (cause) {
    throw new InvalidArgumentError(
      `board: cannot write '${report}': ${(cause as Error).message}. Name a file in a folder that is there.`,
    );
  }
}
