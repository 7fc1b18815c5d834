// What learners type into exercises, and the verdict that each answer deserves: in Jupyter's kernel and in the tab's alike.
import { hasTag, notebookNames, readNotebook, sourceOf } from './notebook.js';

/** Cells of a notebook after its set-up, the answer last. */
export interface Answer {
  readonly name: string;
  /** The number of its notebook. */
  readonly notebook: string;
  readonly cells: readonly string[];
  /** What the last cell says: its verdict, or the first line of why it did not run. */
  readonly verdict: string;
}

/** The cells that an answer needs before it: the set-up, and what notebook 05 defines for its second half. */
export function cellsBefore(notebook: string): string[] {
  const name = notebookNames().find((name) => name.startsWith(notebook))!;
  const tags = notebook === '05' ? ['set-up', 'catch-up'] : ['set-up'];
  return readNotebook(name)
    .cells.filter((cell) => tags.some((tag) => hasTag(cell, tag)))
    .map(sourceOf);
}

interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

/** A kernel with its cells: runs one, whatever became of those before, and gives what it wrote; or loses all names. */
export interface Cells {
  readonly run: (code: string) => Promise<Printed>;
  readonly restart: () => Promise<void>;
}

/** Gives each answer in turn. @returns the answers with the verdicts that the kernel gives */
export async function judgeAll(cells: Cells): Promise<Answer[]> {
  const judged: Answer[] = [];
  for (const answer of ANSWERS) {
    const before = cellsBefore(answer.notebook);
    let verdict = '';
    for (const cell of [SET_UP, ...answer.cells])
      if (cell === RESTART) await cells.restart();
      else
        for (const code of cell === SET_UP ? before : [cell])
          verdict = verdictOf(await cells.run(code), answer.verdict);
    judged.push({ ...answer, verdict });
  }
  return judged;
}

/** The lines of a check, as one where they were wrapped; without any, the error that kept the cell from reaching it. */
function verdictOf({ stdout, stderr }: Printed, expected: string): string {
  const lines = stdout.split('\n').filter((line) => /^(passed|not yet): /.test(line));
  const error = stderr.split('\n').find((line) => /^(\d+:\d+ - |\w*Error: )/.test(line));
  const at = stdout.replaceAll('\n', ' ').indexOf(expected);
  if (lines.length === 1 && at >= 0 && /^$|\n/.test(stdout.slice(at + expected.length)[0] ?? ''))
    return expected;
  return lines.length > 0 ? lines.join('\n') : `no verdict: ${error}`;
}

const SET_UP = 'runs the cells before again';
const RESTART = 'restarts the kernel';

const answer = (notebook: string, name: string, verdict: string, ...cells: readonly string[]): Answer => {
  return { notebook, name, cells, verdict };
};

const DIGIT = 'check.digit(10 ** 2);';

export const ANSWERS: readonly Answer[] = [
  // loops
  answer(
    '01',
    'while (true)',
    'not yet: your code was stopped: it had not ended after 5 s. Does `while (true)` ever end? Or does it take billions of steps?',
    'check.samplesFor(function samplesFor(error) {\n  while (true);\n});',
  ),
  answer(
    '01',
    'a for that takes no step',
    'not yet: your code was stopped: it had not ended after 5 s. Does `for (let start = 0; start < total; start += 0)` ever end? Or does it take billions of steps?',
    'check.pieces(function countInPieces(key, total, size) {\n  let inside = 0;\n  for (let start = 0; start < total; start += 0) inside += countInside(key, start, 1);\n  return inside;\n});',
  ),
  answer(
    '03',
    'a while whose condition never changes',
    'not yet: your code was stopped: it had not ended after 5 s. Does `while (rest >= 0)` ever end? Or does it take billions of steps?',
    'check.shares(function shares(total, parts) {\n  let rest = total;\n  while (rest >= 0) rest = rest - 0;\n  return [rest];\n});',
  ),
  answer(
    '05',
    'a loop where a lazy number is built',
    'not yet: your code was stopped: it had not ended after 5 s. Does `for (;;)` ever end? Or does it take billions of steps?',
    'await check.meanDistance((samples, chunks) => {\n  for (;;);\n});',
  ),
  answer(
    '06',
    'a loop that waits for a list to become shorter',
    'not yet: your code was stopped: it had not ended after 5 s. Does `while (log.length > 0)` ever end? Or does it take billions of steps?',
    'check.here(function workersHere(log) {\n  while (log.length > 0) log.slice(1);\n  return log;\n});',
  ),
  answer(
    '08',
    'a search that misses its end',
    'not yet: your code was stopped: it had not ended after 5 s. Does `while (1 / (1 + serial * (workers - 1)) !== efficiency)` ever end? Or does it take billions of steps?',
    'check.worthwhile(function worthwhile(serial, efficiency) {\n  let workers = 1;\n  while (1 / (1 + serial * (workers - 1)) !== efficiency) workers++;\n  return workers;\n});',
  ),
  answer(
    '09',
    'a loop in a task',
    'not yet: your code was stopped: it had not ended after 5 s. Does `while (true)` ever end? Or does it take billions of steps?',
    "await check.sum({ name: 'mine', width: 1, largest: 1, expected: 1, tolerance: 1e-4, sum: () => {\n  while (true);\n} });",
  ),
  answer(
    '04',
    'a function that calls itself for ever',
    'not yet: your code stopped with RangeError: Maximum call stack size exceeded',
    'check.place(function place(i) {\n  return place(i);\n});',
  ),
  answer(
    '02',
    'a right answer after a loop',
    'passed: the part that stays decides: at 73 %, two generators at once make the program 1.575 times as fast.',
    'check.amdahl(function speedUp(parallel, faster) {\n  while (true);\n});',
    SET_UP,
    'check.amdahl(function speedUp(parallel, faster) {\n  return 1 / (1 - parallel + parallel / faster);\n});',
  ),
  // allocations
  answer(
    '03',
    'a list that is too long',
    'not yet: your code stopped with RangeError: Invalid array length',
    'check.shares(function shares(total, parts) {\n  return new Array(-1);\n});',
  ),
  answer(
    '03',
    'a list of 2^32 shares',
    'not yet: your code stopped with RangeError: Invalid array length',
    'check.shares(function shares(total, parts) {\n  return Array(2 ** 32).fill(1);\n});',
  ),
  answer(
    '03',
    'a million shares',
    'not yet: shares(10, 3): a list of 1000000 for 3 workers.',
    'check.shares(function shares(total, parts) {\n  return Array(1e6).fill(1);\n});',
  ),
  answer(
    '07',
    'a text that doubles for ever',
    'not yet: your code stopped with RangeError: Invalid string length',
    "check.time(function askFor(seconds) {\n  let text = '0';\n  while (text) text += text;\n  return text;\n});",
  ),
  answer(
    '04',
    'typed arrays that no machine holds',
    'not yet: your code stopped with RangeError: Invalid typed array length: 1000000000000000',
    'check.twins(function twins(counts) {\n  return new Float64Array(1e15).length;\n});',
  ),
  // throws
  answer(
    '01',
    'an error',
    'not yet: your code stopped with Error: later',
    "check.samplesFor(function samplesFor(error) {\n  throw new Error('later');\n});",
  ),
  answer(
    '01',
    'a text is thrown',
    'not yet: your code threw a value that is not an Error: later',
    "check.samplesFor(function samplesFor(error) {\n  throw 'later';\n});",
  ),
  answer(
    '01',
    'nothing is thrown',
    'not yet: your code threw a value that is not an Error: undefined',
    'check.samplesFor(function samplesFor(error) {\n  throw undefined;\n});',
  ),
  answer(
    '02',
    'a promise is thrown',
    'not yet: your code threw a value that is not an Error: [object Promise]',
    'check.karpFlatt(function serialPart(speedUp, workers) {\n  throw Promise.resolve(1);\n});',
  ),
  answer(
    '04',
    'an error whose message is a symbol',
    'not yet: your code stopped with Error: Symbol(s)',
    "check.place(function place(i) {\n  throw Object.assign(new Error(), { message: Symbol('s') });\n});",
  ),
  answer(
    '06',
    'an object without a prototype is thrown',
    'not yet: your code threw a value that is not an Error: an object',
    'check.end(function endOf(work, joinedAt) {\n  throw Object.create(null);\n});',
  ),
  answer(
    '09',
    'an error from a task',
    'not yet: your code stopped with Error: no',
    "await check.sum({ name: 'mine', width: 1, largest: 1, expected: 1, tolerance: 1e-4, sum: () => {\n  throw new Error('no');\n} });",
  ),
  answer(
    '09',
    'a name that the task does not have',
    "not yet: mine.sum names height, and only the function's own text travels. Define it inside the function.",
    "const height = 1;\nawait check.sum({ name: 'mine', width: 1, largest: 1, expected: 1, tolerance: 1e-4, sum: ({ length, grains }) => length * height * grains });",
  ),
  answer(
    '09',
    'a name of an earlier cell that the task does not have',
    "not yet: mine.sum names earlier, and only the function's own text travels. Define it inside the function.",
    'const earlier = 1;',
    "await check.sum({ name: 'mine', width: 1, largest: 1, expected: 1, tolerance: 1e-4, sum: ({ length, grains }) => length * earlier * grains });",
  ),
  answer(
    '09',
    'a loop where an array is built',
    'not yet: your code was stopped: it had not ended after 5 s. Does `for (let i = 0; i < terms; i *= 2)` ever end? Or does it take billions of steps?',
    "const unit = { name: '1', width: 1, largest: 1, expected: 1, tolerance: 1e-4, sum: ({ length, grains }) => length * grains };",
    'await check.array((terms, chunks, grains) => {\n  for (let i = 0; i < terms; i *= 2);\n  return undefined;\n}, unit);',
  ),
  answer(
    '05',
    'a read of nothing',
    "not yet: your code stopped with TypeError: Cannot read properties of undefined (reading 'mean')",
    'await check.meanDistance((samples, chunks) => {\n  const nothing = undefined as any;\n  return nothing.mean();\n});',
  ),
  answer(
    '08',
    'a function that is not there',
    'not yet: your code stopped with TypeError: serialSeconds.divide is not a function',
    'check.efficiency(function efficiency(serialSeconds, seconds, workers) {\n  return (serialSeconds as any).divide(seconds);\n});',
  ),
  answer(
    '03',
    'a list that grows for ever',
    'not yet: your code was stopped: a list had a million elements, and was still growing. Does `while (list.length >= 0)` ever end? Or does it take billions of steps?',
    'check.shares(function shares(total, parts) {\n  const list: number[] = [];\n  while (list.length >= 0) list.push(1);\n  return list;\n});',
  ),
  answer(
    '04',
    'a map of more entries than there may be',
    'not yet: your code stopped with RangeError: Invalid array length',
    'check.twins(function twins(counts) {\n  return new Map(Array(2 ** 33)).size;\n});',
  ),
  // promises
  answer(
    '01',
    'async',
    'not yet: samplesFor(0.001) must be a number, but is a promise: leave out `async`.',
    'check.samplesFor((async () => 1) as any);',
  ),
  answer(
    '01',
    'a promise for a number',
    'not yet: give a number, not a promise: leave out `async`.',
    'check.digit(Promise.resolve(100) as any);',
  ),
  answer(
    '03',
    'an async list',
    'not yet: shares(10, 3) must be a list, but is a promise: leave out `async`.',
    'check.shares((async () => [4, 3, 3]) as any);',
  ),
  answer(
    '02',
    'a promise that fails',
    'not yet: give a number, not a promise: leave out `async`.',
    "check.limit(Promise.reject(new Error('no')) as any);",
  ),
  answer(
    '05',
    'async where a number is to be lazy',
    'not yet: return the number before it is computed: leave out `async` and `compute`.',
    'await check.meanDistance(async (samples, chunks) => points(samples, chunks).sqrt().mean());',
  ),
  answer(
    '09',
    'an async sum',
    'not yet: a piece of length 0 has no terms, and returns 1. The last term of a piece is start + length - 1.',
    "await check.sum({ name: 'mine', width: 1, largest: 1, expected: 1, tolerance: 1e-4, sum: (async () => 1) as any });",
  ),
  answer(
    '06',
    'a promise that never ends',
    'not yet: caught(0.05, 1) must be a number, but is a promise: leave out `async`.',
    'check.caught((() => new Promise(() => {})) as any);',
  ),
  // wrong kinds
  answer(
    '01',
    'a text for a number',
    "not yet: give a number, not '100', a text: leave out the quotes.",
    "check.digit('100' as any);",
  ),
  answer(
    '01',
    'a BigInt',
    'not yet: give a number, not 100n, a BigInt: leave out the n.',
    'check.digit(100n as any);',
  ),
  answer('01', 'nothing', 'not yet: give a number, not nothing.', 'check.digit(undefined);'),
  answer('01', 'null', 'not yet: give a number, not null.', 'check.digit(null);'),
  answer(
    '01',
    'a function for a number',
    'not yet: give a number, not a function: call it, with () after its name.',
    'check.digit((() => 100) as any);',
  ),
  answer(
    '01',
    'a list for a number',
    'not yet: give a number, not an array of 1.',
    'check.digit([100] as any);',
  ),
  answer('01', 'a symbol', 'not yet: give a number, not Symbol(s).', "check.digit(Symbol('s') as any);"),
  answer(
    '01',
    'the exercise untouched',
    'not yet: replace NaN by a number.',
    'check.digit(NaN); // your number',
  ),
  answer(
    '01',
    'a number for a function',
    'not yet: samplesFor must be a function of error.',
    'check.samplesFor(2.7e6 as any);',
  ),
  answer(
    '01',
    'a function without a return',
    'not yet: samplesFor returns nothing. Does it end in a return?',
    'check.samplesFor(function samplesFor(error) {\n  (Math.PI * (4 - Math.PI)) / error ** 2;\n} as any);',
  ),
  answer(
    '01',
    'a class for a function',
    "not yet: your code stopped with TypeError: Class constructors cannot be invoked without 'new'",
    'check.years(class {} as any);',
  ),
  answer(
    '03',
    'a text for a list',
    "not yet: shares(10, 3) must be a list, but is '4, 3, 3'.",
    "check.shares((() => '4, 3, 3') as any);",
  ),
  answer(
    '03',
    'an object for a list',
    'not yet: shares(10, 3) must be a list, but is an object.',
    'check.shares((() => ({ 0: 4, 1: 3, 2: 3, length: 3 })) as any);',
  ),
  answer(
    '03',
    'halves of samples',
    'not yet: shares(10, 3): nobody can draw 3.333 samples. Shares are whole numbers, 0 or more.',
    'check.shares(function shares(total, parts) {\n  return Array(parts).fill(total / parts);\n});',
  ),
  answer(
    '03',
    'texts in an input',
    "not yet: samples and cores are numbers, not '10', a text: leave out the quotes.",
    "check.breaks({ samples: '10', cores: '3' } as any);",
  ),
  answer(
    '04',
    'a number for an object',
    'not yet: place(0) must be { block, lane, step }, but is 0.',
    'check.place(((i: number) => i) as any);',
  ),
  answer(
    '05',
    'a text for two numbers',
    'not yet: give two numbers, as { unfused: 1, fused: 1 }.',
    "check.tasks('28 and 4' as any);",
  ),
  answer(
    '05',
    'an array instead of a number',
    'not yet: that is the array of all of them. Which method makes one number of it?',
    'await check.meanDistance((samples, chunks) => points(samples, chunks).sqrt());',
  ),
  answer(
    '07',
    'a number for a script',
    'not yet: the script must be a text, not 600.',
    'check.script(600 as any);',
  ),
  answer(
    '07',
    'a time as a number',
    'not yet: askFor(600) must be a text, but is 600.',
    'check.time(((seconds: number) => seconds) as any);',
  ),
  answer(
    '08',
    'one name for two',
    'not yet: name two of these rows: start-up, dispatch, compute, cores slowed, transfer, imbalance, tail, lost, unexplained.',
    "check.rows('dispatch' as any);",
  ),
  answer(
    '09',
    'a text for letters',
    "not yet: give a list of letters, as ['A', 'B'], not 'DE'.",
    "check.oneNumber('DE' as any);",
  ),
  answer(
    '09',
    'a revoked proxy',
    "not yet: your code stopped with TypeError: Cannot perform 'get' on a proxy that has been revoked",
    'const { proxy, revoke } = Proxy.revocable({}, {});\nrevoke();\nawait check.sum(proxy as any);',
  ),
  // type errors, also after a right answer
  answer(
    '01',
    'a type error',
    "no verdict: 1:13 - Argument of type 'string' is not assignable to parameter of type 'number'.",
    "check.digit('100');",
  ),
  answer(
    '01',
    'a type error after a right answer',
    "no verdict: 1:13 - Argument of type 'string' is not assignable to parameter of type 'number'.",
    DIGIT,
    "check.digit('100');",
  ),
  answer(
    '01',
    'a name that is not there, after a right answer',
    "no verdict: 1:13 - Cannot find name 'ten'.",
    DIGIT,
    'check.digit(ten ** 2);',
  ),
  answer(
    '01',
    'a syntax error after a right answer',
    "no verdict: 1:20 - ')' expected.",
    DIGIT,
    'check.digit(10 ** 2;',
  ),
  answer(
    '01',
    'a throw after a right answer',
    'no verdict: Error: no',
    DIGIT,
    "check.digit((() => {\n  throw new Error('no');\n})());",
  ),
  answer(
    '05',
    'a type error after a right answer, in a lazy check',
    "no verdict: 1:71 - Property 'root' does not exist on type 'ChunkedArray'.",
    'await check.meanDistance((samples, chunks) => points(samples, chunks).sqrt().mean());',
    'await check.meanDistance((samples, chunks) => points(samples, chunks).root().mean());',
  ),
  answer(
    '03',
    'a method that is not there',
    "no verdict: 2:16 - Property 'split' does not exist on type 'number'.",
    'check.shares(function shares(total, parts) {\n  return total.split(parts);\n});',
  ),
  answer(
    '09',
    'a right answer, then a wrong one',
    'not yet: B: each subtotal is nearer to the truth, and still depends on where its piece begins and ends.',
    "check.oneNumber(['D', 'E']);",
    "check.oneNumber(['B', 'D']);",
  ),
  // edits of the set-up
  answer(
    '01',
    'check is something else',
    'no verdict: 1:7 - This expression is not callable.',
    'const check = { digit: 5 };',
    DIGIT,
  ),
  answer(
    '01',
    'the set-up is run again',
    'passed: a digit costs 100 times the samples. Twice the samples give only 0.15 of a digit.',
    DIGIT,
    SET_UP,
    DIGIT,
  ),
  answer(
    '01',
    'a library function is replaced in the notebook',
    'passed: in pieces or in one go, it is one integer. So it is safe to hand pieces to others.',
    'const keyOfSeed = () => 5;',
    'check.pieces(function countInPieces(key, total, size) {\n  let inside = 0;\n  for (let start = 0; start < total; start += size) inside += countInside(key, start, Math.min(size, total - start));\n  return inside;\n});',
  ),
  answer(
    '01',
    'countInside is replaced, and used',
    'not yet: countInPieces(key, 1000, 300) is 4: in one go it is 794. Where does each piece start and end?',
    'const countInside = () => 1;',
    'check.pieces(function countInPieces(key, total, size) {\n  let inside = 0;\n  for (let start = 0; start < total; start += size) inside += countInside();\n  return inside;\n});',
  ),
  answer(
    '04',
    'the input is changed',
    'passed: one equal pair may be chance; six of six pairs are a fault.',
    'check.twins(function twins(counts) {\n  let pairs = 0;\n  while (counts.length > 0) {\n    const one = (counts as any).pop();\n    pairs += counts.filter((other) => other === one).length;\n  }\n  return pairs;\n});',
  ),
  answer(
    '06',
    'the input is emptied',
    'not yet: total(arrivals) is 0: the samples inside are 2 360. Each task counts once.',
    'check.total(function total(arrivals) {\n  (arrivals as any).length = 0;\n  return 0;\n});',
  ),
  answer(
    '02',
    'a check is called on its own',
    'passed: the part that stays decides: at 73 %, two generators at once make the program 1.575 times as fast.',
    'const { amdahl } = check;\namdahl((parallel, faster) => 1 / (1 - parallel + parallel / faster));',
  ),
  answer(
    '04',
    'Math.floor rounds up',
    'passed: sqrt(16). The program prints a standard error that is 4 times too small, and nobody notices.',
    'const floor = Math.floor;\nMath.floor = Math.ceil;',
    'check.spread(Math.sqrt(16));\nMath.floor = floor;',
  ),
  answer('01', 'the set-up has not run', "no verdict: 1:1 - Cannot find name 'check'.", RESTART, DIGIT),
  // wrong and right numbers
  answer(
    '01',
    'right',
    'passed: a digit costs 100 times the samples. Twice the samples give only 0.15 of a digit.',
    DIGIT,
  ),
  answer(
    '01',
    'a known slip',
    'not yet: with 10 times the samples the error is only sqrt(10) = 3.2 times smaller. A digit needs 10.',
    'check.digit(10);',
  ),
  answer(
    '02',
    'infinity',
    'not yet: the 27 % that stay take their time, however many workers there are.',
    'check.limit(Infinity);',
  ),
  answer(
    '05',
    'a fair cut',
    'passed: each thread gets the same work, to one point.',
    'check.cut([500_001, 500_000]);',
  ),
  answer(
    '07',
    'the script as it was',
    "not yet: line 2: '00:10' is 10 seconds: two fields are minutes and seconds. Write hours, minutes and seconds, two digits each: '01:00:00' is an hour.",
    "check.script('#!/bin/bash\\n#SBATCH -t 00:10\\nexec npx lola worker');",
  ),
  answer(
    '08',
    'right, at the edge',
    'passed: two rounds instead of ten: 5. With several chunks for each thread the last round hardly counts (C10).',
    'check.rounds(10 / Math.ceil(10 / 8));',
  ),
  answer(
    '09',
    'a right sum',
    'passed: one integer in every cut, and near what you expected. It may travel.',
    "await check.sum({ name: '1', width: 1, largest: 1, expected: 1, tolerance: 1e-4, sum: ({ length, grains }) => length * grains });",
  ),
];
