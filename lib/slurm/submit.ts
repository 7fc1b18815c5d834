// Hands a run to Slurm: the scripts in its folder, the array job that computes, and the job that adds up. Needs Node.
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { clock } from '../task/executor.js';
import type { Run } from '../task/run.js';
import { isAway, jobNamed, sbatch, scancel } from './commands.js';
import { render } from './render.js';
import type { RunFolder, RunRecord, Span } from './run-folder.js';
import { nodeWords } from './settings.js';

/** How long, and how often, to try again to submit if Slurm's controller is away (ms). */
const AWAY_MS = { most: 600_000, again: 1000 };

export class Submitter {
  constructor(
    private readonly folder: RunFolder,
    private readonly record: RunRecord,
    private readonly run: Run,
    private readonly report: (kind: string, text: string) => void,
  ) {}

  /**
   * Submits array job `number`, of which element i computes spans[i], and gives the job's number. The file comes first:
   * if this process ends here, the job's name is enough to find it.
   */
  async submitArray(number: number, spans: readonly Span[]): Promise<string> {
    this.folder.writeSubmission(number, { spans });
    const most = Math.min(this.record.workers, spans.length); // at a time
    const script = this.write('array', String(number), `--array=0-${spans.length - 1}%${most}`);
    const job = await this.submitOnce(number, script);
    this.folder.writeSubmission(number, { spans, job });
    return job;
  }

  /** Waits for a controller that is away. It may have taken the script all the same: so ask before another try. */
  private async submitOnce(number: number, script: string): Promise<string> {
    const until = clock() + AWAY_MS.most;
    for (let isAnotherTry = false; ; isAnotherTry = true) {
      try {
        return (isAnotherTry && (await this.jobOf(number))) || (await sbatch(script));
      } catch (error) {
        if (this.run.settled || !isAway(error) || clock() > until) throw error;
        this.report('away', (error as Error).message);
        await delay(AWAY_MS.again);
      }
    }
  }

  /** The number of an array job, if Slurm knows it: for one whose client ended before it could write the number down. */
  jobOf(number: number): Promise<string | undefined> {
    return jobNamed(this.nameOf(String(number)));
  }

  /**
   * Submits the job that adds up when all elements of an array have ended, well or not: so the result is there even if
   * nobody waits for it. A run without a label has none, since nobody could say what its sum is of.
   */
  async submitReduce(array: string): Promise<void> {
    if (this.record.label === null) return;
    await this.cancel('reduce'); // an earlier one waits for an earlier array
    const script = this.write('reduce', 'reduce', `--dependency=afterany:${array}`);
    await sbatch(script).catch((error: unknown) =>
      this.report('reduce', `no job will add up if you leave; this client does. ${(error as Error).message}`),
    );
  }

  /** Cancels one of the run's jobs: an array by its number, or 'reduce'. By name, since the job's number may be unknown. */
  async cancel(part: string): Promise<void> {
    if (part !== 'reduce' || this.record.label !== null) await scancel(['--name', this.nameOf(part)]);
  }

  /** Writes a job's script beside the tasks, and gives its path. */
  private write(template: 'array' | 'reduce', part: string, option: string): string {
    const isArray = template === 'array';
    const settings = { ...this.record.settings, name: this.nameOf(part), logDir: this.folder.file('logs') };
    const program = isArray ? 'element' : 'reduce';
    const values = {
      node: nodeWords(settings),
      [program]: [fileURLToPath(new URL(`./${program}.js`, import.meta.url))],
      run: isArray ? [this.folder.path, part] : [this.folder.path],
    };
    const file = isArray ? `array-${part}.sh` : 'reduce.sh';
    this.folder.write(file, render(template, settings, values, [option]));
    return this.folder.file(file);
  }

  private nameOf(part: string): string {
    return `${this.record.settings.name ?? 'lola'}-${basename(this.folder.path)}-${part}`;
  }
}
