// A run as files on the shared file system: the tasks, who began which, and the results. Whoever sees the folder can go on
// with the run; nothing else is needed.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { InvalidArgumentError, type ErrorRecord } from '../errors.js';
import { SlurmError } from './commands.js';
import { checkTask } from '../task/run-task.js';
import type { Task, Value } from '../task/task.js';
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

/** What an element tells of itself when it begins; `task` is the number of the task that runs now. */
export interface Alive {
  readonly task: number;
  readonly time: number;
  readonly host: string;
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

  /** Writes the tasks one after the other, and where each begins. A million of them take the memory of their places. */
  async writeTasks(
    tasks: Iterable<Task>,
    onTask: (task: Task) => void,
    breathe: () => Promise<void>,
  ): Promise<number> {
    const [body, index] = [openSync(this.file('tasks.bin'), 'w'), openSync(this.file('tasks.index'), 'w')];
    try {
      let count = 0;
      let place = 0;
      let waiting: Uint8Array[] = [];
      const places: number[] = [0];
      const flush = () => {
        writeAll(body, Buffer.concat(waiting));
        writeAll(index, doubles(places));
        waiting = [];
        places.length = 0;
      };
      for (const task of tasks) {
        checkTask(task);
        onTask(task);
        const bytes = serialize({ key: task.key, operation: task.operation, input: task.input });
        waiting.push(bytes);
        places.push((place += bytes.length));
        count++;
        if (waiting.length < 500 && bytes.length < 2 ** 20) continue;
        this.attempt(flush);
        await breathe();
      }
      this.attempt(flush);
      this.attempt(() => [body, index].forEach((file) => fsyncSync(file)));
      return count;
    } finally {
      closeSync(body);
      closeSync(index);
    }
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
    const draft = this.file(`${name}.${process.pid}-${randomBytes(3).toString('hex')}.draft`);
    this.attempt(() => {
      try {
        const file = openSync(draft, 'wx');
        try {
          writeAll(file, Buffer.from(content as Uint8Array));
          fsyncSync(file); // a full disk says so here
        } finally {
          closeSync(file);
        }
        renameSync(draft, this.file(name));
      } catch (error) {
        rmSync(draft, { force: true });
        throw error;
      }
    });
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 });
  }

  private attempt(action: () => void): void {
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

/** Reads tasks by their number. */
export class TaskReader {
  private readonly body: number;
  private readonly index: number;

  constructor(private readonly run: RunDirectory) {
    this.body = openSync(run.file('tasks.bin'), 'r');
    this.index = openSync(run.file('tasks.index'), 'r');
  }

  read(number: number): Task {
    const places = this.part(this.index, 8 * number, 16);
    const from = places.readDoubleLE(0);
    return deserialize(this.part(this.body, from, places.readDoubleLE(8) - from)) as Task;
  }

  close(): void {
    closeSync(this.body);
    closeSync(this.index);
  }

  private part(file: number, from: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let done = 0; done < length;) {
      const read = readSync(file, bytes, done, length - done, from + done);
      if (read === 0)
        throw new SlurmError(`${this.run.path}: the tasks end early. It is not a whole run: start it anew.`);
      done += read;
    }
    return bytes;
  }
}

/** Where an element tells which task it runs. One short write to a file that stays open: no cost beside a task's own. */
export class AliveFile {
  private readonly file: number;

  constructor(run: RunDirectory, name: string, { task, time, host }: Alive) {
    run.write(join('alive', name), `${number(task)} ${number(time)} ${host}\n`);
    this.file = openSync(run.file('alive', name), 'r+');
  }

  tell(task: number, time: number): void {
    writeSync(this.file, `${number(task)} ${number(time)}`, 0);
  }

  static names(run: RunDirectory): string[] {
    return run.list('alive', /^\d+-\d+$/);
  }

  static read(run: RunDirectory, name: string): Alive | undefined {
    try {
      const [task, time, host] = readFileSync(run.file('alive', name), 'utf8').trim().split(/ +/);
      return { task: Number(task), time: Number(time), host };
    } catch {
      return undefined; // it never began
    }
  }
}

/** Of a fixed width, so that a later number covers an earlier one. */
const number = (value: number): string => String(value).padEnd(24);

/** Numbers as 8 bytes each, low byte first on every machine. */
function doubles(numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(8 * numbers.length);
  for (const [i, value] of numbers.entries()) bytes.writeDoubleLE(value, 8 * i);
  return bytes;
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
}
