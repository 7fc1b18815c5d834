// The room's work: all samples, cut into tasks that take a laptop's thread about 30 ms and a slow phone about a second.
import { countTasks } from '../lib/estimators/index.js';
import { keyOfSeed, partition, type Key } from '../lib/index.js';
import type { Task } from '../lib/task/index.js';

/** Samples of a task, unless that would make too few or too many tasks. */
const TASK_SAMPLES = 2 ** 25;
const FEWEST_TASKS = 64;
const MOST_TASKS = 2 ** 18;

export class Work {
  readonly tasks: number;
  private readonly starts: Float64Array;
  private readonly key: Key;

  /** @param samples an integer from 1 to 2^53 - 1 */
  constructor(
    readonly samples: number,
    readonly seed: number | string,
  ) {
    const wanted = Math.max(FEWEST_TASKS, Math.ceil(samples / TASK_SAMPLES));
    this.tasks = Math.min(wanted, MOST_TASKS, samples);
    this.key = keyOfSeed(seed);
    this.starts = Float64Array.from(partition(samples, this.tasks), ({ start }) => start);
  }

  /** How many samples task number `task` counts. */
  readonly samplesOf = (task: number): number => (this.starts[task + 1] ?? this.samples) - this.starts[task];

  taskOf(task: number): Task {
    const part = { start: this.starts[task], samples: this.samplesOf(task) };
    const [made] = countTasks({ key: this.key, kernel: 'simd' }, [part]);
    return made;
  }
}
