// `lola board`: a room's predictions and speed-ups together, from the files of `lola race --json` and the lines of
// `lola race --line`; nothing is sent anywhere.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import { textOf } from '../../lib/atomic.js';
import { InvalidArgumentError, plain } from '../../lib/errors.js';
import { boardTables, entryOf, type BoardEntry } from '../measure/board.js';
import { readRace } from '../measure/race-file.js';
import { outputFile } from './output.js';
import { LINE_MARK, readLine } from './race-line.js';
import { boardPage } from './race-page.js';
import { table } from './table.js';

export function addBoard(program: Command): void {
  program
    .command('board')
    .description("draw a room's predictions and speed-ups together, from lola race --json and --line")
    .argument(
      '<FILES...>',
      'a file for each person, or files with a line for each; - reads lines that you paste',
    )
    .option('--report <FILE>', 'also write an HTML page with the charts')
    .action(runBoard);
}

function runBoard(given: readonly string[], { report }: { readonly report?: string }): void {
  const write = report === undefined ? undefined : outputFile('--report', report);
  const entries = given.flatMap(filesOf).flatMap(entriesIn);
  if (entries.length === 0)
    throw new InvalidArgumentError(`board: ${given.join(', ')} holds no result of a race.`);
  const tables = boardTables(entries).map(([head, ...rows]) => table(head, rows));
  process.stdout.write(`${tables.join('\n\n')}\n`);
  write?.(boardPage(entries));
}

/** What a file holds, whatever stands between its lines. A broken file or line must not keep the others off the board. */
function entriesIn(file: string): BoardEntry[] {
  const lines = linesIn(file);
  if (!lines) return orLeftOut(() => entryOf(readRace(file)));
  const where = file === '-' ? 'the input' : file;
  return lines.flatMap((line, i) => {
    return line.includes('|') ? orLeftOut(() => readLine(line), `${where}, line ${i + 1}: `) : [];
  });
}

/** The lines of a text with lines of races; undefined for any other file. */
function linesIn(file: string): string[] | undefined {
  if (file !== '-' && !(existsSync(file) && statSync(file).isFile())) return undefined;
  const text = textOf(file === '-' ? 0 : file);
  if (file !== '-' && (!text.includes(LINE_MARK) || text.trimStart().startsWith('{'))) return undefined;
  return text.split(/\r?\n/);
}

function orLeftOut(read: () => BoardEntry, where = ''): BoardEntry[] {
  try {
    return [read()];
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    process.stderr.write(`lola: left out: ${plain(where + error.message)}\n`);
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
