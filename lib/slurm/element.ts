// What an element of an array runs: node element.js RUN SUBMISSION ELEMENT. It computes its share of the tasks and leaves
// the results beside them.
import { hostname } from 'node:os';
import { toErrorRecord } from '../errors.js';
import { clock } from '../task/executor.js';
import { loadOperations, runTask } from '../task/run-task.js';
import { SlurmError } from './commands.js';
import { AliveFile } from './alive-file.js';
import { EXIT_UNWRITTEN, RunDirectory, type Outcome } from './run-directory.js';
import { TaskReader } from './task-file.js';

/** Results are written so often (ms), and at the end: what is lost with a node is no more than that and the task it ran. */
const FLUSH_MS = 1000;

const [path, submission, element] = process.argv.slice(2);
try {
  process.exitCode = await runElement(new RunDirectory(path), Number(submission), Number(element));
} catch (error) {
  if (!(error instanceof SlurmError)) throw error;
  process.stderr.write(`lola: ${error.message}\n`);
  process.exitCode = EXIT_UNWRITTEN;
}

async function runElement(run: RunDirectory, submission: number, element: number): Promise<number> {
  const operations = await loadOperations(run.readRecord().modules);
  const [begin, end] = run.readSubmission(submission).ranges[element];
  let next = process.env.SLURM_RESTART_COUNT ? firstMissing(run, submission, element, begin) : begin;
  if (next >= end) return 0;
  const host = process.env.SLURMD_NODENAME ?? hostname();
  const tasks = new TaskReader(run);
  const alive = new AliveFile(run, `${submission}-${element}`, { task: next, time: clock(), host });
  let outcomes: Outcome[] = [];
  let flushed = clock();
  let failed = false;
  while (next < end && !failed) {
    const task = tasks.read(next);
    const start = clock();
    alive.tell(next, start);
    try {
      const value = await runTask(task, operations);
      outcomes.push({ start, end: clock(), value });
    } catch (thrown) {
      outcomes.push({ start, end: clock(), error: toErrorRecord(thrown) });
      failed = true; // and the run with it: the other tasks need not be run
    }
    next++;
    if (next < end && !failed && clock() - flushed < FLUSH_MS) continue;
    run.writeSegment(submission, element, { first: next - outcomes.length, host, outcomes });
    [outcomes, flushed] = [[], clock()];
  }
  return failed ? 1 : 0;
}

/** Slurm has started this element before: it goes on after its last result. */
function firstMissing(run: RunDirectory, submission: number, element: number, begin: number): number {
  const places = run.segments().map((name) => name.split('-').map(Number));
  const own = places.filter(([s, e]) => s === submission && e === element);
  return Math.max(begin, ...own.map(([, , first, count]) => first + count));
}
