// Checks for the exercises of notebook 07.
import { secondsOf } from '../../tools/slurm/directives.js';
import { readScript } from '../slurm/lint.js';
import { checksOf, check, described, functionCheck, grouped, type Wrong, each } from './check.js';

/** 'Fix the script: ten minutes, four cores, a node of its own.' */
function wrongScript(answer: string): Wrong {
  if (typeof answer !== 'string') return `the script must be a text, not ${described(answer)}.`;
  const script = answer.trim();
  const { options, slips } = readScript(script);
  const found = slips.filter(({ message }) => !message.includes(' is 600 seconds')); // however they are written
  const slip = found.find(({ message }) => !message.startsWith('No --')) ?? found[0]; // what is there comes first
  if (slip) return `line ${slip.line}: ${slip.message}`;
  const time = options.get('time')?.value ?? '';
  const seconds = secondsOf(time);
  if (seconds !== 600) return `it asks for ${time}, which is ${seconds} s. Ten minutes are 600 s.`;
  if (!options.has('exclusive')) return 'nothing asks for a node of its own any more. Keep one --exclusive.';
  if (options.get('cpus-per-task')?.value !== '4')
    return options.get('ntasks')?.value === '4'
      ? '-n 4 asks for four tasks of one core each. One worker with four cores is -c 4.'
      : 'nothing asks for four cores (-c 4).';
  const more = ['nodes', 'ntasks', 'array'].find((name) => (options.get(name)?.value ?? '1') !== '1');
  if (more) return `--${more} asks for more than one worker. Lola wants one, with four cores: leave it out.`;
  const start = script.match(/^[^#\s].*(?:\\\n.*)*$/gm)?.at(-1) ?? ''; // the last command, with its continued lines
  if (!/^exec\b.*\blola\b.*\bworker\b.*(?<!& *)$/s.test(start))
    return 'the last line must start the worker, begin with exec, and not end with &.';
  const [, threads = '4'] = /--threads[ =]"?(\d+)/.exec(start) ?? [];
  return threads === '4' ? undefined : `a worker with four cores computes on four threads, not ${threads}.`;
}

function wrongTime(found: string, seconds: number): Wrong {
  if (found === '') return 'the text is empty.';
  if (found.includes('.')) return 'Slurm knows no fractions. Round each field down.';
  const read = secondsOf(found);
  if (read === undefined) return 'Slurm does not know this as a time.';
  if (/^\d+$/.test(found)) return 'a single field counts minutes. Write all three.';
  if (/^\d+:\d+$/.test(found))
    return `this is ${read} s: two fields are minutes and seconds. Write all three.`;
  if (read !== seconds) return `Slurm reads this as ${read} s.`;
  if (/:([6-9]\d|\d{3,})/.test(found))
    return 'minutes and seconds go up to 59. Carry the rest over, into the hours.';
  return /^(\d+-)?\d\d+:\d\d:\d\d$/.test(found)
    ? undefined
    : 'right, but easily misread. Pad each field to two digits.';
}

const [LEAST_SECONDS, MOST_ELEMENTS] = [60, 1000];

function wrongElements(found: number, tasks: number, secondsPerTask: number): Wrong {
  const inMinute = Math.ceil(LEAST_SECONDS / secondsPerTask);
  const expected = Math.ceil(tasks / Math.max(inMinute, Math.ceil(tasks / MOST_ELEMENTS)));
  if (found === expected) return undefined;
  if (!Number.isInteger(found) && found < Infinity) return 'you cannot start a part of an element. Round up.';
  if (found < 1) return 'somebody must compute the tasks.';
  if (found === tasks && secondsPerTask < LEAST_SECONDS)
    return `with one task each, an element runs for ${secondsPerTask} s. The rules ask for ${LEAST_SECONDS} s.`;
  if (found > MOST_ELEMENTS) return `this site's arrays have ${MOST_ELEMENTS} elements at most.`;
  if (found === Math.floor(tasks / inMinute))
    return `with ${inMinute} tasks each, which is enough, ${found} elements leave out ${tasks - found * inMinute} tasks.`;
  const perElement = Math.ceil(tasks / found);
  const each = `each would have ${grouped(perElement)} tasks`;
  if (found < expected)
    return `${each}, more than the rules ask for. They allow ${grouped(expected)} elements.`;
  if (perElement * secondsPerTask >= LEAST_SECONDS)
    return `${each}, so ${grouped(expected)} elements do them all.`;
  return `${each}. An element should run for ${LEAST_SECONDS} s at least, so take ${expected}.`;
}

/** Tasks and the names in results/; the notebook shows the first. */
const FOLDERS: readonly [tasks: number, names: string[]][] = [
  [10, ['0-0-0-3', '0-2-6-2', '0-1-3-3']],
  [6, []],
  [12, ['0-0-0-4', '0-1-4-4', '0-2-8-2.4711-a0.draft']],
  [30, ['0-0-0-12', '1-0-10-3', '0-1-16-14']],
];

function missingIn(tasks: number, names: readonly string[]): number[] {
  const ranges = names.filter((name) => !name.includes('.')).map((name) => name.split('-').map(Number));
  const isDone = (task: number) => ranges.some(([, , first, count]) => task >= first && task < first + count);
  return Array.from({ length: tasks }, (_, task) => task).filter((task) => !isDone(task));
}

function wrongMissing(found: readonly unknown[], tasks: number, names: readonly string[]): Wrong {
  const odd = found.findIndex((task) => typeof task !== 'number');
  if (odd >= 0) return `a task is a number, not ${described(found[odd])}.`;
  const given = found as readonly number[];
  const beyond = given.find((task) => task >= tasks || task < 0);
  if (beyond !== undefined) return `there is no task ${beyond}: they are 0 to ${tasks - 1}.`;
  const missing = missingIn(tasks, names);
  const lacking = missing.find((task) => !given.includes(task));
  if (lacking !== undefined && given.length === 0) return 'the list is empty. Which tasks have no result?';
  if (lacking !== undefined)
    return names.some((name) => name.endsWith('draft'))
      ? `task ${lacking} has no result. A draft was never finished: its element was lost while it wrote.`
      : `task ${lacking} has no result, and is not in your list.`;
  const done = given.find((task) => !missing.includes(task));
  if (done !== undefined)
    return `task ${done} has a result. Which number of a name, of one digit or more, is its first task? Is the fourth the count of its tasks, or their end?`;
  return given.length > missing.length ? 'a task is in your list twice.' : undefined;
}

/** What notebook 07 calls. */
export const checkSlurm = checksOf('07', {
  script: check(
    wrongScript,
    'Slurm would have accepted the script as it was, and ended the job after a minute: it rounds ten seconds up.',
  ),
  time: functionCheck<[seconds: number], string>({
    of: 'askFor(seconds)',
    gives: 'a text',
    inputs: [[600], [5461], [90_000], [59]],
    wrong: wrongTime,
    why: 'three fields, two digits each, mean the same to Slurm and to a reader.',
  }),
  elements: functionCheck<[tasks: number, secondsPerTask: number]>({
    of: 'elementsOf(tasks, secondsPerTask)',
    inputs: each([10_000, 0.1], [7, 0.1], [1_000_000, 0.1], [2401, 600], [100, 45], [6000, 1]),
    wrong: wrongElements,
    why: 'each element is worth its start, and there are no more of them than an array may have.',
  }),
  missing: functionCheck<[tasks: number, names: string[]], readonly unknown[]>({
    of: 'missing(tasks, names)',
    gives: 'a list',
    inputs: FOLDERS,
    wrong: wrongMissing,
    why: 'the folder alone shows what is left. That is how a run continues.',
  }),
});
