// What the dependent job runs: node reduce.js RUN. It adds up what the elements of the array left, so that the result is
// there although no client waited for it.
import { EstimatorError } from '../errors.js';
import { describeResult } from './result.js';
import { RunDirectory } from './run-directory.js';
import { Tally } from './tally.js';

const run = new RunDirectory(process.argv[2]);
try {
  const { tasks, label } = run.readRecord();
  const tally = new Tally(run, tasks);
  tally.collect();
  if (tally.open > 0) {
    process.stderr.write(
      `lola: ${tally.open} of ${tasks} tasks have no result: lola slurm resume ${run.path}\n`,
    );
    process.exitCode = 1;
  } else {
    const text = describeResult(label, tally.values);
    run.write('result.txt', text);
    process.stdout.write(text);
  }
} catch (error) {
  if (!(error instanceof EstimatorError)) throw error;
  process.stderr.write(`lola: ${error.message}\n`);
  process.exitCode = 1;
}
