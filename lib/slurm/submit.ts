// Hands a run to Slurm: the scripts in its folder, the array job that computes, and the job that adds up. Needs Node.
import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SlurmError, isRefusal, jobNamed, jobStates, sbatch, scancel } from './commands.js';
import type { JobState } from './job-state.js';
import { render } from './render.js';
import { resumeCommand, type RunFolder, type RunRecord, type Span } from './run-folder.js';
import { nodeWords } from './settings.js';

export class Submitter {
  private readonly name: string; // of its jobs: one, also where a link leads to the folder

  constructor(
    private readonly folder: RunFolder,
    private readonly record: RunRecord,
  ) {
    this.name = `${record.settings.name ?? 'lola'}-${basename(realpathSync(folder.path))}`;
  }

  /**
   * Submits array job `number`, of which element i computes spans[i], and gives the job's number. The file comes first:
   * if this process ends here, the job's name is enough to find it. It goes again if Slurm certainly has no such job.
   */
  async submitArray(number: number, spans: readonly Span[]): Promise<string> {
    const isNew = this.folder.submissions() === number; // else Slurm may have it from another try
    this.folder.writeSubmission(number, { spans });
    const most = Math.min(this.record.workers, spans.length); // at a time
    const script = this.write(String(number), `--array=0-${spans.length - 1}%${most}`);
    try {
      const job = await sbatch(script, this.nameOf(String(number)));
      this.folder.writeSubmission(number, { spans, job });
      return job;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const mayBeThere = !isNew || (await this.jobOf(number).catch(() => 'unknown'));
      if (!mayBeThere) this.folder.removeSubmission(number);
      if (this.folder.submissions() === 0) throw error;
      const way = `To continue with other settings, add them: ${resumeCommand(this.folder.path)} --time T --partition P`;
      throw new SlurmError(`${(error as Error).message} ${way}`);
    }
  }

  /** The number of an array job if Slurm has it: for when the file does not say whether it was taken. */
  jobOf(number: number): Promise<string | undefined> {
    return jobNamed(this.nameOf(String(number)));
  }

  /** The states of an array job's elements, if Slurm has it and its number is not another's by now. */
  statesOf(number: number, job: string, elements: readonly number[]): Promise<JobState[]> {
    return jobStates([job], this.nameOf(String(number)), elements);
  }

  /**
   * Submits the job that adds up when all elements of an array have ended, well or not: so the result is there even if
   * nobody waits for it. A run without a label has none, since nobody could say what its sum is of.
   */
  async submitReduce(array: string): Promise<void> {
    if (this.record.label === null) return;
    await this.cancel('reduce'); // an earlier one waits for an earlier array
    const script = this.write('reduce', `--dependency=afterany:${array}`);
    await sbatch(script, this.nameOf('reduce'));
  }

  /** Cancels one of the run's jobs: an array by its number, or 'reduce'. By name, since the job's number may be unknown. */
  async cancel(part: string, ...only: readonly string[]): Promise<void> {
    if (part === 'reduce' && this.record.label === null) return;
    await scancel([...only, '--name', this.nameOf(part)]);
  }

  /** Writes a job's script beside the tasks, and gives its path. */
  private write(part: string, option: string): string {
    const isArray = part !== 'reduce';
    const program = isArray ? 'element' : 'reduce';
    const settings = { ...this.record.settings, name: this.nameOf(part), logDir: this.folder.file('logs') };
    const values = {
      node: nodeWords(settings),
      [program]: [fileURLToPath(new URL(`./${program}.js`, import.meta.url))],
      run: isArray ? [this.folder.path, part] : [this.folder.path],
    };
    const file = isArray ? `array-${part}.sh` : 'reduce.sh';
    this.folder.write(file, render(isArray ? 'array' : 'reduce', settings, values, [option]));
    return this.folder.file(file);
  }

  private nameOf(part: string): string {
    return `${this.name}-${part}`;
  }
}
