// A run as files on the shared file system: the tasks, who began which, and the results. Whoever sees the folder can go on
// with the run; nothing else is needed.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { writeAtomically } from '../atomic.js';
import { InvalidArgumentError, type ErrorRecord } from '../errors.js';
import { SlurmError } from './commands.js';
import type { Value } from '../task/task.js';
import type { JobSettings } from './render.js';

/** Raised with every change of what the files hold. */
const FORMAT = 1;
/** An element's exit code where it could not write its results. */
export const EXIT_UNWRITTEN = 74;

/** What a run is: written once, before its tasks are submitted. */
export interface RunRecord {
  readonly format: number;
  /** How many tasks. */
  readonly tasks: number;
  /** File URLs of task modules (see task/run-task.ts). */
  readonly modules: readonly string[];
  readonly settings: JobSettings;
  /** What the run is for, as the caller says: an estimate's samples and seed. */
  readonly label: Value;
}

/** A share of the tasks: those from number `first` up to, but not with, `end`. */
export type Range = readonly [first: number, end: number];

/** One array job: element i computes ranges[i]. */
export interface Submission {
  readonly ranges: readonly Range[];
  /** Absent until Slurm has taken it. */
  readonly job?: string;
}

/** How one task ended, on its element's clock. */
export interface Outcome {
  readonly start: number;
  readonly end: number;
  readonly value?: Value;
  readonly error?: ErrorRecord;
}

/** Outcomes of tasks that follow one another, from number `first`, and the host they ran on. */
export interface Segment {
  readonly first: number;
  readonly host: string;
  readonly outcomes: readonly Outcome[];
}

/** The files of a run. */
export class RunDirectory {
  constructor(readonly path: string) {}

  /** @throws SlurmError where it cannot be made */
  static create(parent: string): RunDirectory {
    const stamp = new Date().toISOString().slice(0, 19).replace(/[:-]/g, '').replace('T', '-');
    const run = new RunDirectory(join(parent, `run-${stamp}-${randomBytes(3).toString('hex')}`));
    run.attempt(() => mkdirSync(run.path)); // not recursive: Node then hides why it cannot (a read-only drive reads ENOENT)
    for (const folder of ['results', 'alive', 'logs']) run.attempt(() => mkdirSync(join(run.path, folder)));
    return run;
  }

  file(...names: readonly string[]): string {
    return join(this.path, ...names);
  }

  writeRecord(given: Omit<RunRecord, 'format'>): RunRecord {
    const record = { format: FORMAT, ...given };
    this.write('run.json', JSON.stringify(record, null, 2));
    return record;
  }

  /** @throws InvalidArgumentError where the folder is no run's, or another version's */
  readRecord(): RunRecord {
    let record: RunRecord;
    try {
      record = JSON.parse(readFileSync(this.file('run.json'), 'utf8')) as RunRecord;
    } catch (cause) {
      throw new InvalidArgumentError(
        `run: ${this.path} is no run's folder (${(cause as Error).message}). Name one that holds run.json.`,
      );
    }
    if (record.format === FORMAT) return record;
    throw new InvalidArgumentError(
      `run: ${this.path} has format ${record.format}, this version reads ${FORMAT}. Use the version that wrote it.`,
    );
  }

  writeSubmission(number: number, submission: Submission): void {
    this.write(`submission-${number}.json`, JSON.stringify(submission));
  }

  readSubmission(number: number): Submission {
    return JSON.parse(readFileSync(this.file(`submission-${number}.json`), 'utf8')) as Submission;
  }

  submissions(): Submission[] {
    const names = readdirSync(this.path).filter((name) => /^submission-\d+\.json$/.test(name));
    return names.map((_, number) => this.readSubmission(number));
  }

  /** Names of the segments that are whole; a name tells submission, element, first task and count. */
  segments(): string[] {
    return this.list('results', /^\d+-\d+-\d+-\d+$/);
  }

  /** Names in one of its folders. */
  list(folder: string, pattern: RegExp): string[] {
    try {
      return readdirSync(this.file(folder)).filter((name) => pattern.test(name));
    } catch (cause) {
      throw new SlurmError(
        `cannot read ${this.file(folder)}: ${(cause as Error).message}. The folder of a run must stay until it is over.`,
        { cause },
      );
    }
  }

  writeSegment(submission: number, element: number, segment: Segment): void {
    const { first, outcomes } = segment;
    this.write(join('results', `${submission}-${element}-${first}-${outcomes.length}`), serialize(segment));
  }

  readSegment(name: string): Segment {
    try {
      return deserialize(readFileSync(this.file('results', name))) as Segment;
    } catch (cause) {
      throw new SlurmError(
        `${this.file('results', name)} cannot be read: ${(cause as Error).message}. Delete it and resume the run.`,
        { cause },
      );
    }
  }

  /** Whole or not at all: written under another name, then renamed, so that no reader ever sees half a file. */
  write(name: string, content: string | Uint8Array): void {
    this.attempt(() => writeAtomically(this.file(name), content));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 });
  }

  /** @throws SlurmError that says where, where the action cannot write */
  attempt(action: () => void): void {
    try {
      action();
    } catch (cause) {
      const reason = (cause as Error).message;
      throw new SlurmError(
        `cannot write to ${this.path}: ${reason}. It needs room, and a file system that all nodes may write to.`,
        { cause },
      );
    }
  }
}
