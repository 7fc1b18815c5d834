// Makes a task module of functions that a reader wrote in a notebook: their text travels, the variables around them do not.
import { InvalidArgumentError, show } from '../errors.js';

/** Functions that become operations, by name. */
export interface OwnOperations {
  readonly [operation: string]: (input: never) => unknown;
}

/**
 * The functions as the text of a module, for a file that `lola worker --tasks FILE` loads.
 * @param functions each written with `=>` or `function`, naming nothing but its parameters, its own variables and what
 *   JavaScript brings along
 * @throws InvalidArgumentError for what is no such function. Names of neighbouring functions are found when it runs.
 */
export function moduleText(functions: OwnOperations): string {
  const entries = Object.entries(functions);
  if (entries.length === 0)
    throw new InvalidArgumentError(
      'taskModule: no function was given. Name one: taskModule({ area: (input) => ... }).',
    );
  return entries
    .map(([name, given]) => `export const ${checkName(name)} = ${textOf(name, given)};\n`)
    .join('');
}

/** The same as a URL that holds the module itself: hand it to any executor as one of its `tasks`; no file is needed. */
export function taskModule(functions: OwnOperations): string {
  return `data:text/javascript,${encodeURIComponent(moduleText(functions))}`;
}

function checkName(name: string): string {
  if (/^[A-Za-z_$][\w$]*$/.test(name)) return name;
  throw new InvalidArgumentError(
    `taskModule: an operation is named by letters and digits, as area, got ${show(name)}.`,
  );
}

function textOf(name: string, given: unknown): string {
  const text = typeof given === 'function' ? String(given) : '';
  if (!/^(async\s*)?(function\b|\(|[\w$]+\s*=>)/.test(text) || /\{\s*\[native code\]\s*\}$/.test(text))
    throw new InvalidArgumentError(
      `taskModule: ${name} must be a function written out, got ${typeof given === 'function' ? show(text) : show(given)}. Write ${name}: (input) => ...`,
    );
  // In a cell's compiled code a name of the notebook's top level is a field of `exports`; in a page's, of `$names`.
  const used = [...text.matchAll(/(?:\bexports|\blib_\d+|\$names)\.([\w$]+)/g)].map((found) => found[1]);
  if (used.length === 0) return text;
  throw new InvalidArgumentError(
    `taskModule: ${name} names ${[...new Set(used)].join(', ')} from the notebook, and only the function's own text travels. Put it into the input, or inside the function.`,
  );
}
