// What an element of an array runs: node element.js FOLDER SUBMISSION ELEMENT. It computes its share of a run's tasks and
// leaves the results beside them. Needs Node.
import { hostname } from 'node:os';
import { toErrorRecord } from '../errors.js';
import { clock } from '../task/executor.js';
import { loadOperations, runTask, type TaskOperation } from '../task/run-task.js';
import type { Task } from '../task/task.js';
import { SlurmError } from './commands.js';
import { EXIT_UNSAVED } from './job-state.js';
import { RunFolder, type TaskEnd } from './run-folder.js';

/** How often to write results (ms). With a node, no more is lost than these and the task that it ran. */
const FLUSH_MS = 1000;

const [path, submission, element] = process.argv.slice(2);
try {
  process.exit(await runElement(new RunFolder(path), Number(submission), Number(element))); // also if tasks left a timer
} catch (error) {
  if (!(error instanceof SlurmError)) throw error;
  process.stderr.write(`lola: ${error.message}\n`);
  process.exit(EXIT_UNSAVED);
}

async function runElement(folder: RunFolder, submission: number, index: number): Promise<number> {
  const operations = await loadOperations(folder.readRecord().modules);
  const [begin, end] = folder.readSubmission(submission).spans[index];
  const name = `${submission}-${index}`;
  const from = firstMissing(folder, name, begin);
  if (from >= end) return 0;
  const host = process.env.SLURMD_NODENAME ?? hostname();
  const sayAlive = folder.openAlive(name);
  let ends: TaskEnd[] = [];
  let [first, flushed] = [from, clock()];
  for (const task of folder.tasks([from, end])) {
    sayAlive({ task: first + ends.length, time: clock(), host });
    const ended = await runOne(task, operations);
    ends.push(ended);
    if (!ended.error && first + ends.length < end && clock() - flushed < FLUSH_MS) continue;
    folder.writeResults(name, { first, host, ends });
    if (ended.error) return 1; // it ends the run: no other task need be computed
    [first, ends, flushed] = [first + ends.length, [], clock()];
  }
  return 0;
}

async function runOne(task: Task, operations: ReadonlyMap<string, TaskOperation>): Promise<TaskEnd> {
  const start = clock();
  try {
    const value = await runTask(task, operations);
    return { start, end: clock(), value };
  } catch (thrown) {
    return { start, end: clock(), error: toErrorRecord(thrown) };
  }
}

/** If Slurm has started this element before, it goes on after its last result. */
function firstMissing(folder: RunFolder, element: string, begin: number): number {
  const own = folder.results().filter((name) => name.startsWith(`${element}-`));
  const ends = own.map((name) => name.split('-').slice(2).map(Number)).map(([first, count]) => first + count);
  return Math.max(begin, ...ends);
}
