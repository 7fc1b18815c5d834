// What the dependent job runs: node reduce.js FOLDER. It adds up what the elements of the array left, so that the result
// is there even if no client waited for it. Needs Node.
import { EstimatorError } from '../errors.js';
import { Run } from '../task/run.js';
import { Collector, drawAll } from './collect.js';
import { SlurmError } from './commands.js';
import { describeResult } from './result.js';
import { RunFolder, resumeCommand } from './run-folder.js';

const folder = new RunFolder(process.argv[2]);
try {
  const { tasks, label } = folder.readRecord();
  const run = new Run(folder.tasks([0, tasks]), {});
  const collector = new Collector(folder, run, drawAll(run));
  collector.collect();
  const missing = `${collector.open.size} of ${tasks} tasks have no result`;
  if (!run.settled) throw new SlurmError(`${missing}: ${resumeCommand(folder.path)}`);
  const text = describeResult(label, await run.result);
  folder.write('result.txt', text);
  process.stdout.write(text);
} catch (error) {
  if (!(error instanceof EstimatorError)) throw error;
  process.stderr.write(`lola: ${error.message}\n`);
  process.exitCode = 1;
}
