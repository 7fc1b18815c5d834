// Notebooks as files: the one reader of the lesson's .ipynb files for recordings, episodes, the site and the tests.
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { EpisodeError } from './episodes/errors.mjs';

const id = v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/, 'a cell’s id has 1 to 64 letters, digits, - and _'));
const Cell = v.looseObject({
  cell_type: v.picklist(['code', 'markdown', 'raw']),
  id,
  metadata: v.looseObject({
    tags: v.optional(v.array(v.string())),
    lola: v.optional(v.looseObject({ needs: v.optional(v.string()), why: v.optional(v.string()) })),
  }),
  source: v.union([v.string(), v.array(v.string())], 'the source is text or a list of texts'),
  outputs: v.optional(v.array(v.unknown())),
  execution_count: v.optional(v.nullable(v.number())),
});
const kernel = v.looseObject({ name: v.string(), language: v.optional(v.string()) });
const Notebook = v.looseObject({
  nbformat: v.literal(4),
  nbformat_minor: v.number(),
  metadata: v.looseObject({ kernelspec: v.optional(kernel) }),
  cells: v.array(Cell),
});

/**
 * Reads the text of a notebook file.
 * @param {string} name of the file, for the message
 * @throws {EpisodeError} BAD_NOTEBOOK with the first mistakes, if it is no notebook of format 4.5
 */
export function parseNotebook(text, name) {
  let given;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw bad(name, [`it is not JSON: ${error.message}`]);
  }
  const { success, issues } = v.safeParse(Notebook, given);
  if (!success)
    throw bad(
      name,
      issues.map((issue) => `${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`),
    );
  const ids = given.cells.map((cell) => cell.id);
  const twice = ids.filter((one, i) => ids.indexOf(one) < i);
  if (twice.length > 0) throw bad(name, [`two cells have the id ${twice[0]}`]);
  return given; // as it is: its fields stay in their order
}

/** @throws {EpisodeError} as parseNotebook does */
export function readNotebookFile(file, name = file) {
  return parseNotebook(readFileSync(file, 'utf8'), name);
}

function bad(name, mistakes) {
  const said = mistakes.slice(0, 3).join('; ').slice(0, 500);
  const advice = 'Take the file from git again, or save it again in Jupyter.';
  return new EpisodeError('BAD_NOTEBOOK', `${name} is no notebook of format 4.5: ${said}. ${advice}`);
}
