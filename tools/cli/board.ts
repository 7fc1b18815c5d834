// `lola board`: a room's predictions and speed-ups together, from the files of `lola race --json`; nothing is sent anywhere.
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import { InvalidArgumentError, plain } from '../../lib/errors.js';
import { boardTable, entriesOf } from '../measure/board.js';
import { readRace, type RaceResult } from '../measure/race-file.js';
import { outputFile } from './output.js';
import { boardPage } from './race-page.js';
import { table } from './table.js';

export function addBoard(program: Command): void {
  program
    .command('board')
    .description("draw a room's predictions and speed-ups together, from the files of lola race --json")
    .argument('<FILES...>', 'one file for each person')
    .option('--report <FILE>', 'also write an HTML page with the charts')
    .action(runBoard);
}

function runBoard(given: readonly string[], { report }: { readonly report?: string }): void {
  const write = report === undefined ? undefined : outputFile('--report', report);
  const entries = entriesOf(given.flatMap(filesOf).flatMap(resultIn));
  if (entries.length === 0)
    throw new InvalidArgumentError(`board: ${given.join(', ')} holds no result of a race.`);
  const [head, ...rows] = boardTable(entries);
  process.stdout.write(`${table(head, rows)}\n`);
  write?.(boardPage(entries));
}

/** The result in a file. One broken file must not keep the others off the board. */
function resultIn(file: string): RaceResult[] {
  try {
    return [readRace(file)];
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    process.stderr.write(`lola: left out: ${plain(error.message)}\n`);
    return [];
  }
}

/** The files of a pattern such as *.json, which Windows' shells hand over as it is; the name of a file, as it is. */
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
