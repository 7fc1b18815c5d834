// Hands a run to Slurm: the scripts in its folder, the array job that computes, and the job that adds up after it.
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { clock } from '../task/executor.js';
import { isAway, jobsNamed, sbatch, scancel } from './commands.js';
import { nodeWords, render } from './render.js';
import type { Range, RunDirectory, RunRecord } from './run-directory.js';

/** A controller that is away is waited for so long when something is to be submitted, asked so often (ms). */
const AWAY_MS = { most: 600_000, again: 1000 };

export class Submitter {
  /** When set, a controller that is away is no longer waited for. */
  over = false;

  constructor(
    private readonly run: RunDirectory,
    private readonly record: RunRecord,
    private readonly report: (kind: string, text: string) => void,
  ) {}

  /**
   * Submits an array job of which element i computes ranges[i], and gives its number. The file comes first: if this
   * process ends here, the job's name is enough.
   * @param most how many elements may run at a time
   */
  async submitArray(number: number, ranges: readonly Range[], most: number): Promise<string> {
    this.run.writeSubmission(number, { ranges });
    const directive = `--array=0-${ranges.length - 1}%${Math.min(most, ranges.length)}`;
    const script = this.write('array', `array-${number}.sh`, String(number), [directive]);
    const job = await this.patient(() => sbatch(script));
    this.run.writeSubmission(number, { ranges, job });
    return job;
  }

  /** The job of a submission whose process ended before it could write the number down. */
  async jobOf(number: number): Promise<string | undefined> {
    return (await jobsNamed(this.nameOf(String(number))))[0];
  }

  /**
   * Submits the job that adds up when all elements of these jobs have ended, well or not: so the result is there although
   * nobody waits for it. A run without a label has none, since nobody could say what its sum is of.
   */
  async submitReduce(jobs: readonly string[]): Promise<void> {
    if (this.record.label === null || jobs.length === 0) return;
    await this.cancelReduce(); // an earlier one waits for fewer elements
    const script = this.write('reduce', 'reduce.sh', 'reduce', [`--dependency=afterany:${jobs.join(':')}`]);
    await sbatch(script).catch((error: unknown) =>
      this.report('reduce', `no job will add up if you leave; this client does. ${(error as Error).message}`),
    );
  }

  async cancelReduce(): Promise<void> {
    if (this.record.label !== null) await scancel(['--name', this.nameOf('reduce')]);
  }

  /** Writes a job's script beside the tasks, and gives its path. */
  private write(
    template: 'array' | 'reduce',
    file: string,
    part: string,
    directives: readonly string[],
  ): string {
    const settings = { ...this.record.settings, name: this.nameOf(part), logDir: this.run.file('logs') };
    const name = template === 'array' ? 'element' : 'reduce';
    const program = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
    const run = template === 'array' ? [this.run.path, part] : [this.run.path];
    const values = { node: nodeWords(settings), [name]: [program], run };
    this.run.write(file, render(template, settings, values, directives));
    return this.run.file(file);
  }

  private nameOf(part: string): string {
    return `${this.record.settings.name ?? 'lola'}-${basename(this.run.path)}-${part}`;
  }

  private async patient<T>(action: () => Promise<T>): Promise<T> {
    const until = clock() + AWAY_MS.most;
    for (;;) {
      try {
        return await action();
      } catch (error) {
        if (this.over || !isAway(error) || clock() > until) throw error;
        this.report('away', (error as Error).message);
        await delay(AWAY_MS.again);
      }
    }
  }
}
