import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { sourcesIn, walk, type Source } from './sources.js';

/**
 * Lines that each folder may have. To raise one is a decision for which a commit gives its reasons. Where the house has
 * become larger than its plan, the plan and what it had not foreseen stand beside it.
 */
const BUDGETS: Readonly<Record<string, number>> = {
  'lib/*': 576, // 520: a machine's addresses, also where they may not be listed; texts that Windows wrote; drives that have no fsync; where a server listens, whatever its host was called; whatever is thrown becomes text, symbols too; no free port is no mistake of the caller
  'lib/sampling': 263, // 260: a lane's state into a given array; philox works in place, and leaves half as much to collect
  'lib/task': 1155, // 850: runs share the listener of a signal; an interrupt ends all runs; one rule for what may travel, held at every door; a packer that bounds sizes before it unpacks
  'lib/simd': 610, // 560: one array for all lanes' states, so that a thread's heap does not grow; samples stay integers, 6 % of the kernel's time, without which an expert's numpy takes less than six times ours
  'lib/execute': 566, // 300: modules that never end loading; modules that end their thread; threads that die, close themselves or answer twice, alike in Node and in a page; large tasks move
  'lib/array': 950,
  'lib/cluster': 2980, // 1 500: a worker asked of a cluster whose scheduler is gone; a batch that comes again while its thread stops; a lost scheduler of one's own; a queue whose front moves; starts that end with their cluster; proof of the token, values in pieces, life by bytes, bounds for each peer, stragglers, suspects
  'lib/simulation': 760, // 480: threads that take their time to stop; faults of lines and threads, liars, and all that the three machines learned
  'lib/slurm': 1539, // 1 500: settings for a run that is resumed; drives that show files late; reasons for which a job waits for ever; a job that Slurm may have taken without a word is spoken of
  'lib/estimators': 282, // 280: printed in a notebook, each line fits 100 columns
  lib: 9676, // 7 000; samples that stay integers (lib/simd); any number of runs and tasks at the price of one each; where a server listens; what Slurm may have taken; an interrupt ends all runs; one of Slurm's clusters for all of a run, numbers that it gives again, its refusals
  lesson: 2927, // 2 400: what the compiler says of a text where a number belongs, and of a decimal comma; verdicts in lines that fit a page; what the compiler says of a missing return; answers that were rounded; answers that are off where no input was exact; a cell that runs too early, in two lines; terminal rows that fit the page; answers that read nothing; time limits and words for any answer, in Jupyter and in a tab, that fit more slips; what set-up cells need
  tools: 5092, // 4 800: tasks of a lost worker, which no longer wait once they have ended elsewhere; races that Windows wrote; where the dashboard listens; what to do about any file that the system refuses; notices beside a progress bar; a race in one line to paste, and a board that reads it and keeps other samples apart; jobs that a key takes back
  room: 2969, // 1 500: how many have answered; votes, predictions, speed-ups and progress: a machine, its door, a client, three pages
  site: 2703, // 2 500: an interrupt ends all runs; a learner's tab joins a room with one click, and predictions have an entry below their cell
};
const MOST_LINES = 350;
const MEDIAN_OF_FUNCTIONS = 12;
/** Functions of lib that are longer. The kernel's loop is the one that stays. This number may only shrink. */
const LONG_FUNCTIONS = 4;
const MOST_LINES_OF_FUNCTION = 30;

const sources = sourcesIn('lib', 'lesson', 'tools', 'room', 'site');
const linesOf = ({ text }: Source) => text.split('\n').length - 1;
const linesIn = (folder: string) => {
  const inside = folder.endsWith('/*')
    ? (file: string) => file.startsWith(folder.slice(0, -1)) && !file.slice(folder.length - 1).includes('/')
    : (file: string) => file.startsWith(`${folder}/`);
  return sources.filter(({ file }) => inside(file)).reduce((sum, source) => sum + linesOf(source), 0);
};

describe('the budget', () => {
  test.each(Object.entries(BUDGETS))('of %s', (folder, budget) => {
    expect(linesIn(folder)).toBeGreaterThan(0);
    expect(linesIn(folder)).toBeLessThanOrEqual(budget);
  });

  test(`no file of lib has more than ${MOST_LINES} lines`, () => {
    const long = sources.filter((source) => source.file.startsWith('lib/') && linesOf(source) > MOST_LINES);
    expect(long.map(({ file }) => file)).toEqual([]);
  });

  test(`half of lib’s functions have at most ${MEDIAN_OF_FUNCTIONS} lines, and ${LONG_FUNCTIONS} more than ${MOST_LINES_OF_FUNCTION}`, () => {
    const functions = sources.filter(({ file }) => file.startsWith('lib/')).flatMap(functionsIn);
    const lines = functions.map((one) => one.lines).sort((a, b) => a - b);
    expect(lines[Math.floor(lines.length / 2)]).toBeLessThanOrEqual(MEDIAN_OF_FUNCTIONS);
    const long = functions.filter((one) => one.lines > MOST_LINES_OF_FUNCTION);
    expect(long.length, long.map(({ name, lines }) => `${name}: ${lines}`).join('\n')).toBeLessThanOrEqual(
      LONG_FUNCTIONS,
    );
  });
});

/** Functions and methods with a body of their own; a short arrow inside of one is part of it. */
function functionsIn({ file, tree }: Source): { readonly name: string; readonly lines: number }[] {
  const found: { readonly name: string; readonly lines: number }[] = [];
  walk(tree, (node) => {
    const named =
      ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isConstructorDeclaration(node);
    const arrow = ts.isArrowFunction(node) && ts.isBlock(node.body) && ts.isVariableDeclaration(node.parent);
    if (!arrow && !(named && node.body)) return;
    const line = (place: number) => tree.getLineAndCharacterOfPosition(place).line;
    const at = line(node.getStart());
    found.push({ name: `${file}:${at + 1}`, lines: line(node.getEnd()) - at + 1 });
  });
  return found;
}
