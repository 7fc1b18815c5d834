// What the dependent job runs: node reduce.js RUN. It adds up the numbers that the array's elements left, so that the sum
// is there although no client waited for it.
import { RunDirectory } from './run-directory.js';

const run = new RunDirectory(process.argv[2]);
const { tasks } = run.readRecord();
const done = new Uint8Array(tasks); // a task may have been run twice; it counts once
let sum = 0;
for (const name of run.segments()) {
  const { first, outcomes } = run.readSegment(name);
  for (const [i, { value }] of outcomes.entries()) {
    if (done[first + i] === 1 || typeof value !== 'number') continue;
    done[first + i] = 1;
    sum += value;
  }
}
const missing = done.filter((mark) => mark === 0).length;
if (missing > 0) {
  process.stderr.write(
    `lola: ${missing} of ${tasks} tasks have no number yet. Go on with: lola slurm resume ${run.path}\n`,
  );
  process.exitCode = 1;
} else run.write('sum.json', `${JSON.stringify({ tasks, sum })}\n`);
