// Runs a notebook in full and keeps what its cells showed, for the episodes and the site.
import { readFileSync, readdirSync, rmSync, writeFileSync, mkdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { EpisodeError } from '../episodes/errors.mjs';
import { readNotebookFile } from '../notebook-file.mjs';
import { partsOf } from './cell.mjs';
import { machineFacts, today } from './facts.mjs';
import { scrubbedData } from './private.mjs';

/** The longest that a cell may take in full, on a machine that is busy (ms). */
const CELL_MS = 600_000;

/** Names of the notebooks of a repository, without their ending. */
export function notebookStems(root) {
  const files = readdirSync(join(root, 'notebooks')).filter((name) => name.endsWith('.ipynb'));
  return files.map((name) => name.replace(/\.ipynb$/, '')).sort();
}

/** @throws {EpisodeError} where there is no such notebook */
export function checkStem(root, stem) {
  const known = notebookStems(root);
  if (!known.includes(stem))
    throw new EpisodeError(
      'UNKNOWN_NOTEBOOK',
      `there is no notebooks/${stem}.ipynb. There are: ${known.join(', ')}.`,
    );
}

/**
 * Records a notebook: episodes/recorded/STEM.json, and its charts beside it. What was recorded before is replaced.
 * @param {typeof import('../../test/support/notebook-runner.js').runNotebook} run
 * @throws {EpisodeError} where there is no such notebook, it does not run through, or shows what is private
 */
export async function recordNotebook(root, stem, run) {
  checkStem(root, stem);
  const notebook = readNotebookFile(join(root, 'notebooks', `${stem}.ipynb`), `notebooks/${stem}.ipynb`);
  const env = { LOLA_QUICK: undefined };
  const ran = await run(notebook, { folder: join(root, 'notebooks'), env, cellTimeoutMs: CELL_MS });
  if (ran.problems.length > 0)
    throw new EpisodeError('RUN_FAILED', `${stem} did not run through: ${ran.problems.join('; ')}`);
  const { cells, pictures } = named(stem, ran.cells);
  const recording = { notebook: `notebooks/${stem}.ipynb`, date: today(), machine: machineFacts(), cells };
  replace(join(root, 'episodes', 'recorded'), stem, scrubbedData({ recording, pictures }, stem));
}

/** The cells that showed something by id, with the names of their pictures; and the pictures by name. */
function named(stem, runs) {
  const cells = {};
  const pictures = {};
  for (const { cell, outputs } of runs) {
    const { text, pictures: drawn, html } = partsOf(outputs);
    if (text === '' && drawn.length === 0 && html.length === 0) continue;
    const svg = drawn.map((_, i) => `${stem}-${cell.id}${i === 0 ? '' : `-${i + 1}`}.svg`);
    const figures = Object.fromEntries(
      svg.flatMap((name, i) => (drawn[i].figure ? [[name, drawn[i].figure]] : [])),
    );
    svg.forEach((name, i) => (pictures[name] = drawn[i].svg));
    cells[cell.id] = {
      text,
      ...(svg.length > 0 && { svg }),
      ...(html.length > 0 && { html }),
      ...(Object.keys(figures).length > 0 && { figures }),
    };
  }
  return { cells, pictures };
}

function replace(folder, stem, { recording, pictures }) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${stem}.json`);
  const before = existsSync(file) ? Object.values(JSON.parse(readFileSync(file, 'utf8')).cells) : [];
  for (const name of before.flatMap(({ svg = [] }) => svg)) rmSync(join(folder, name), { force: true });
  for (const [name, svg] of Object.entries(pictures)) writeFileSync(join(folder, name), `${svg}\n`);
  writeFileSync(file, `${JSON.stringify(recording, null, 2)}\n`);
}
