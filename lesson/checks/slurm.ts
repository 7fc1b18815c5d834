// Checks for the exercises of notebook 07.
import { show } from '../../lib/errors.js';
import { lintScript, secondsOf } from '../slurm/lint.js';
import { judgeFunction, notYet, passed, telling, type Verdict } from './verdict.js';

/** 'Mend the script: ten minutes, four cores, a node of its own.' */
function judgeScript(answer: string): Verdict {
  if (typeof answer !== 'string') return notYet(`the script must be a text, not ${show(answer)}.`);
  const script = answer.trim();
  const [slip] = lintScript(script);
  if (slip) return notYet(`line ${slip.line}: ${slip.message}`);
  const value = (pattern: RegExp) => new RegExp(`^#SBATCH\\s+${pattern.source}`, 'm').exec(script)?.[1];
  const time = value(/(?:--time[= ]|-t\s*)(\S+)/);
  const seconds = secondsOf(time ?? '');
  if (seconds !== 600) return notYet(`it asks for ${time}, which is ${seconds} s. Ten minutes are 600 s.`);
  if (!/^#SBATCH\s+--exclusive\s*$/m.test(script))
    return notYet('nothing asks for a node of its own any more. One --exclusive is to stay.');
  if (value(/(?:--cpus-per-task[= ]|-c\s*)(\d+)/) !== '4')
    return notYet('nothing asks for four cores (-c 4).');
  if (!/^exec\b.*\bworker\b/m.test(script)) return notYet('the last line, which starts the worker, is gone.');
  return passed(
    'Slurm would have accepted the script as it was, and the job would have ended after ten seconds.',
  );
}

/** Seconds to ask for; the first stands in the notebook. */
const TIMES = [600, 3661, 90_000, 59];

/** 'Write askFor(seconds): the time as Slurm reads it, HH:MM:SS.' */
function judgeTime(answer: (seconds: number) => string): Verdict {
  if (typeof answer !== 'function') return notYet('askFor must be a function of the seconds.');
  for (const seconds of TIMES) {
    const found: unknown = answer(seconds);
    const asked = `askFor(${seconds})`;
    if (typeof found !== 'string') return notYet(`${asked} must be a text, and is ${show(found)}.`);
    if (found === '') return notYet(`${asked} is empty.`);
    const read = secondsOf(found);
    if (read === undefined) return notYet(`${asked} is '${found}', which Slurm does not know as a time.`);
    if (/^\d+$/.test(found))
      return notYet(`${asked} is '${found}': one field counts minutes. Write all three.`);
    if (/^\d+:\d+$/.test(found))
      return notYet(
        `${asked} is '${found}', which is ${read} s: two fields are minutes and seconds. Write all three.`,
      );
    if (read !== seconds) return notYet(`${asked} is '${found}', which Slurm reads as ${read} s.`);
    if (!/^(\d+-)?\d\d+:\d\d:\d\d$/.test(found))
      return notYet(`${asked} is '${found}': right, but easily misread. Pad each field to two digits.`);
  }
  return passed('three fields, two digits each, say the same to Slurm and to a reader.');
}

/** Tasks and seconds a task; none of them stands in the notebook. */
const RUNS: readonly (readonly [tasks: number, secondsPerTask: number])[] = [
  [10_000, 0.1],
  [7, 0.1],
  [1_000_000, 0.1],
  [5000, 600],
];
const [LEAST_SECONDS, MOST_ELEMENTS] = [60, 1000];

/** 'Write elementsOf(tasks, secondsPerTask): into how many elements to cut a run.' */
function judgeElements(answer: (tasks: number, secondsPerTask: number) => number): Verdict {
  return judgeFunction(answer, {
    of: 'elementsOf(tasks, secondsPerTask)',
    inputs: RUNS,
    wrong: (found, asked, tasks, secondsPerTask) => {
      const text = wrongElements(found, tasks, secondsPerTask);
      return text && `${asked} is not ${found}: ${text}`;
    },
    why: 'elements that are worth their start, and no more of them than an array may have.',
  });
}

function wrongElements(found: number, tasks: number, secondsPerTask: number): string | undefined {
  const inMinute = Math.ceil(LEAST_SECONDS / secondsPerTask);
  const expected = Math.ceil(tasks / Math.max(inMinute, Math.ceil(tasks / MOST_ELEMENTS)));
  if (found === expected) return undefined;
  if (!Number.isInteger(found)) return 'elements are counted in whole numbers.';
  if (found < 1) return 'somebody must compute the tasks.';
  if (found === tasks && secondsPerTask < LEAST_SECONDS)
    return `with one task each, an element runs for ${secondsPerTask} s. It takes longer to start it.`;
  if (found > MOST_ELEMENTS) return `this site's arrays have ${MOST_ELEMENTS} elements at most.`;
  if (found === Math.floor(tasks / inMinute))
    return `${found} elements of ${inMinute} tasks leave ${tasks - found * inMinute} tasks to nobody.`;
  if (found === 1) return `one element computes it all alone. How many of ${LEAST_SECONDS} s are there?`;
  return `each would have ${Math.ceil(tasks / found)} tasks. An element is to run for ${LEAST_SECONDS} s at least, and ${expected} elements do it.`;
}

/** How many tasks there are, the names in results/, and which tasks have no result. The first stands in the notebook. */
const FOLDERS: readonly {
  readonly tasks: number;
  readonly names: readonly string[];
  readonly missing: readonly number[];
}[] = [
  { tasks: 10, names: ['0-0-0-3', '0-2-6-2', '0-1-3-3'], missing: [8, 9] },
  { tasks: 6, names: [], missing: [0, 1, 2, 3, 4, 5] },
  { tasks: 12, names: ['0-0-0-4', '0-1-4-4', '0-2-8-2.4711-a0.draft'], missing: [8, 9, 10, 11] },
  { tasks: 12, names: ['0-0-0-2', '1-0-1-3', '0-1-6-6'], missing: [4, 5] },
];

/** 'Write missing(tasks, names): the numbers of the tasks without a result.' */
function judgeMissing(answer: (tasks: number, names: readonly string[]) => readonly number[]): Verdict {
  return judgeFunction(answer, {
    of: 'missing(tasks, names)',
    gives: 'a list',
    inputs: FOLDERS.map(({ tasks, names }) => [tasks, names] as const),
    call: (tasks, names) => `missing(${tasks}, ${JSON.stringify(names)})`,
    wrong: (found, asked, tasks, names) => {
      const { missing } = FOLDERS.find((folder) => folder.names === names)!;
      const text = wrongMissing(found, tasks, names, missing);
      return text && `${asked}: ${text}`;
    },
    why: 'whoever sees the folder knows what is left. That is how a run is taken up again.',
  });
}

function wrongMissing(
  found: readonly unknown[],
  tasks: number,
  names: readonly string[],
  missing: readonly number[],
): string | undefined {
  const odd = found.find((task) => typeof task !== 'number');
  if (odd !== undefined) return `a task is a number, not ${show(odd)}.`;
  const beyond = (found as number[]).find((task) => task >= tasks || task < 0);
  if (beyond !== undefined) return `there is no task ${beyond}: they are 0 to ${tasks - 1}.`;
  const lacking = missing.find((task) => !found.includes(task));
  if (lacking !== undefined)
    return names.some((name) => name.endsWith('draft'))
      ? `task ${lacking} has no result. A draft was never finished: its element was lost while it wrote.`
      : `task ${lacking} has no result, and is not in your list.`;
  const done = (found as number[]).find((task) => !missing.includes(task));
  if (done !== undefined)
    return `task ${done} has a result. Does the name's fourth number count tasks, or end them?`;
  if (found.length > missing.length) return 'a task is in your list twice.';
  return undefined;
}

/** What notebook 07 calls; each prints its verdict. */
export const checkSlurm = {
  script: telling(judgeScript),
  time: telling(judgeTime),
  elements: telling(judgeElements),
  missing: telling(judgeMissing),
};
