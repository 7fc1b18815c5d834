// The checks of notebook 07: the right answer passes; each plausible slip gets a message of its own; none throws.
import { describe, expect, test } from 'vitest';
import { checkSlurm } from '../../lesson/checks/slurm.js';
import { claim, fails, said } from '../support/check-claims.js';
import { readNotebook, solutionCode, sourceOf } from '../support/notebook.js';

const pad = (value: number) => String(value).padStart(2, '0');
const clock = (seconds: number) =>
  [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((part) => pad(Math.floor(part))).join(':');

describe('notebook 07', () => {
  test('a script that is mended', async () => {
    const { cells } = readNotebook('07-slurm.ipynb');
    const cell = (id: string) => cells.find((one) => one.id === id)!;
    const textIn = (code: string) => /`([^]*)`/.exec(code)![1];
    const [given, mended] = [
      textIn(sourceOf(cell('script-exercise'))),
      textIn(solutionCode(cell('script-solution'))),
    ];
    await claim(checkSlurm.script, {
      right: [
        mended,
        mended.replace('-t 00:10:00', '--time=00:10:00').replace('-c 4', '--cpus-per-task=4'),
        mended.replace('threads 4', 'threads 4 > worker.log 2>&1'),
        ...['', ' --threads=4', ' --threads "$SLURM_CPUS_PER_TASK"'].map((words) =>
          mended.replace(' --threads 4', words),
        ),
        ...['10:00', '0:10:0', '10'].map((time) => mended.replace('00:10:00', time)), // Slurm reads ten minutes
      ],
      wrong: [
        [mended.replace(/^#SBATCH/gm, '  #SBATCH'), /^not yet: line 2: Slurm reads this as a comment/],
        [given, /^not yet: line 3: '00:10' is 10 seconds/],
        [mended.replace('#SBATCH -c 4', '# SBATCH -c 4'), /line \d: Slurm reads this as a comment/],
        [`${mended}\n#SBATCH --mem=4G`, /--mem comes after the first command/],
        [mended.replace('-t 00:10:00', '-t 00:10:00\n#SBATCH --exclusive'), /--exclusive is in line/],
        [mended.replace('00:10:00', '0:1:0'), /a field with one digit/],
        [mended.replace('00:10:00', '10:00:00'), /it asks for 10:00:00, which is 36000 s/],
        [mended.replace('#SBATCH --exclusive\n', ''), /a node of its own/],
        [mended.replace('#SBATCH -c 4\n', ''), /nothing asks for four cores/],
        [mended.replace('-c 4', '-n 4'), /-n 4 asks for four tasks/],
        [mended.replace('-c 4', '-c 4 -n 4'), /--ntasks asks for more than one worker/],
        [mended.replace('-c 4', '-c 4 -N 2'), /--nodes asks for more than one worker/],
        [mended.replace(/exec .*/, ''), /must start the worker/],
        [mended.replace('threads 4', 'threads 8'), /four cores computes on four threads, not 8/],
        [mended.replace('threads 4', 'threads=2'), /on four threads, not 2/],
        [undefined, /must be a text, not nothing/],
      ],
    });
    const others = [
      mended.replace('threads 4', 'threads 4 &'), // the job would end at once
      mended.replace(/exec .*/, 'exec echo worker'),
      `${mended.trim()}\necho done`,
    ];
    for (const other of others)
      expect(await said(checkSlurm.script, other)).toMatch(
        /last line must start the worker, begin with exec/,
      );
    const continued = mended.replace(' --threads', ' \\\n  --threads');
    expect(await said(checkSlurm.script, continued)).toMatch(/^passed/);
  });

  test('the time to ask for', async () => {
    await claim(checkSlurm.time, {
      right: [clock, (seconds: number) => `0-${clock(seconds)}`],
      wrong: [
        [() => '', /askFor\(600\) is '': the text is empty/],
        [() => 600, /must be a text, but is 600/],
        ['00:10:00', /must be a function/],
        [() => 'ten minutes', /does not know this as a time/],
        [
          (seconds: number) =>
            [pad(Math.round(seconds / 3600)), ...clock(seconds).split(':').slice(1)].join(':'),
          /askFor\(5461\) is '02:31:01'/,
        ],
        [
          (seconds: number) => `${pad(seconds / 60)}:${pad(seconds % 60)}`,
          /'10:00': this is 600 s: two fields/,
        ],
        [() => '00:10', /'00:10': this is 10 s: two fields/],
        [
          (seconds: number) => `00:${pad(Math.floor(seconds / 60))}:${pad(seconds % 60)}`,
          /'00:91:01': minutes and seconds go up to 59/,
        ],
        [(seconds: number) => String(Math.ceil(seconds / 60)), /'10': a single field counts minutes/],
        [
          (seconds: number) => [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor).join(':'),
          /'0:10:0': right, but easily misread/,
        ],
        [
          (seconds: number) => clock(60 * Math.ceil(seconds / 60)),
          /askFor\(5461\) is '01:32:00': Slurm reads this as 5520 s/,
        ],
        [
          (seconds: number) => clock(seconds % 86_400),
          /askFor\(90000\) is '01:00:00': Slurm reads this as 3600 s/,
        ],
        [fails, /oops/],
      ],
    });
  });

  test('elements of an array', async () => {
    const inMinute = (seconds: number) => Math.ceil(60 / seconds);
    await claim(checkSlurm.elements, {
      right: [
        (tasks: number, seconds: number) =>
          Math.ceil(tasks / Math.max(inMinute(seconds), Math.ceil(tasks / 1000))),
      ],
      wrong: [
        [() => NaN, /elementsOf\(10000, 0.1\) must be a number, but is NaN/],
        [() => '17', /must be a number, but is '17'/],
        [17, /must be a function/],
        [(tasks: number) => tasks, /runs for 0\.1 s\. The rules ask for 60 s/],
        [(tasks: number, seconds: number) => (tasks * seconds) / 60, /part of an element/],
        [() => Infinity, /is Infinity: this site's arrays have 1000 elements at most/],
        [(tasks: number, seconds: number) => Math.floor(tasks / inMinute(seconds)), /leave out 400 tasks/],
        [
          (tasks: number, seconds: number) => Math.ceil(tasks / inMinute(seconds)),
          /elementsOf\(1000000, 0.1\) .* at most/,
        ],
        [
          (tasks: number, s: number) => Math.min(1000, Math.ceil((tasks * s) / 60)),
          /so 801 elements do them all/,
        ],
        [
          (tasks: number, s: number) => Math.ceil(tasks / Math.max(60 / s, Math.ceil(tasks / 1000))),
          /elementsOf\(100, 45\) is 75: each would have 2 tasks, so 50 elements do them all/,
        ],
        [
          (tasks: number, s: number) =>
            Math.ceil(tasks / Math.max(Math.floor(60 / s) + 1, Math.ceil(tasks / 1000))),
          /elementsOf\(\d+, [\d.]+\) is \d+: .* They allow/,
        ],
        [() => 1, /each would have 10 000 tasks, more than/],
        [() => 1000, /each would have 10 tasks/],
        [() => 0, /somebody must/],
        [
          (tasks: number, s: number) =>
            Math.ceil(tasks / Math.max(Math.round(60 / s), Math.round(tasks / 1000))),
          /elementsOf\(2401, 600\) is 1 201: .* 1000 elements at most/,
        ],
        [
          (tasks: number, s: number) =>
            Math.max(1, Math.round(tasks / Math.max(inMinute(s), Math.ceil(tasks / 1000)))),
          /elementsOf\(2401, 600\) is 800: .* They allow 801 elements/,
        ],
        [fails, /oops/],
      ],
    });
  });

  test('tasks that have no result', async () => {
    const numbers = (names: readonly string[]) => names.map((name) => name.split('-').map(Number));
    const without = (tasks: number, done: ReadonlySet<number>) =>
      Array.from({ length: tasks }, (_, task) => task).filter((task) => !done.has(task));
    const doneOf = (names: readonly string[]) =>
      new Set(
        numbers(names).flatMap(([, , first, count]) => Array.from({ length: count }, (_, i) => first + i)),
      );
    const whole = (names: readonly string[]) => names.filter((name) => !name.endsWith('.draft'));
    const right = (tasks: number, names: readonly string[]) => without(tasks, doneOf(whole(names)));
    await claim(checkSlurm.missing, {
      right: [right, (tasks: number, names: readonly string[]) => right(tasks, names).reverse()],
      wrong: [
        [() => [], /the list is empty\. Which tasks have no result/],
        [() => [9], /task 8 has no result, and is not in your list/],
        [() => undefined, /missing returns nothing/],
        [() => 8, /must be a list, but is 8/],
        [[8, 9], /must be a function/],
        [() => ['8', '9'], /a task is a number, not '8'/],
        [(tasks: number, names: readonly string[]) => [...right(tasks, names), tasks], /there is no task 10/],
        [
          (tasks: number, names: readonly string[]) =>
            without(
              tasks,
              new Set(
                numbers(names).flatMap(([, , first, end]) =>
                  Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i),
                ),
              ),
            ),
          /the count of its tasks, or their end/,
        ],
        [
          (tasks: number, names: readonly string[]) =>
            without(tasks, doneOf(names.map((name) => name.replace(/\..*/, '')))),
          /A draft was never finished/,
        ],
        [
          (tasks: number, names: readonly string[]) =>
            // numbers of one digit
            without(tasks, doneOf(names.filter((name) => name.length === 7))),
          /missing\(30, .*: task 0 has a result\. Which number of a name, of one digit or more/,
        ],
        [
          (tasks: number, names: readonly string[]) => [...right(tasks, names), ...right(tasks, names)],
          /twice/,
        ],
        [fails, /oops/],
      ],
    });
  });
});
