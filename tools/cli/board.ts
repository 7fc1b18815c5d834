// `lola board`: a room's predictions and speed-ups together, from the files of `lola race --json`; nothing is sent anywhere.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import { InvalidArgumentError } from '../../lib/errors.js';
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

function runBoard(given: readonly string[], { report }: { readonly report?: string }): void {
  const files = given.flatMap(filesOf);
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
    throw new InvalidArgumentError(`board: nothing in ${given.join(', ')} is the result of a race.`);
  const [head, ...rows] = boardTable(results);
  process.stdout.write(`${table(head, rows)}\n`);
  if (report === undefined) return;
  try {
    writeFileSync(report, pageOf("Lola's pi: the board", [head, ...rows], boardCharts(results)));
  } catch (cause) {
    throw new InvalidArgumentError(
      `board: cannot write '${report}': ${(cause as Error).message}. Name a file in a folder that is there.`,
    );
  }
}

/** The files of a pattern as *.json, which Windows' shells hand over as it is; a name of a file, as it is. */
function filesOf(name: string): string[] {
  const last = basename(name);
  if (existsSync(name) || !/[*?]/.test(last)) return [name];
  const escaped = last.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  const pattern = new RegExp(`^(?!\\.)${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i');
  const folder = dirname(name);
  const found = existsSync(folder) ? readdirSync(folder).filter((one) => pattern.test(one)) : [];
  if (found.length === 0) process.stderr.write(`lola: left out: no file is named as in '${name}'\n`);
  return found.sort().map((one) => join(folder, one));
}
