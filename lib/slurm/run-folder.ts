// A run as files in a folder that all nodes see. With the folder, any process can go on with the run. Needs Node.
//   run.json             what the run is
//   tasks/FIRST          a page of tasks, from number FIRST on
//   submission-N.json    array job N: which tasks each element computes, and the job's number once Slurm has taken it
//   alive/N-E            which task element E of array job N runs
//   results/N-E-FIRST-C  results of C tasks, from number FIRST on
//   client-N             who follows the run (claim.ts)
//   *.sh, logs/, result.txt
import { randomBytes } from 'node:crypto';
import { mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import * as v from 'valibot';
import { writeAtomically } from '../atomic.js';
import { InvalidArgumentError } from '../errors.js';
import { packTask, packValue, unpackTask, unpackValue, type PackedTask } from '../task/pack.js';
import type { Drawn, Run } from '../task/run.js';
import type { Task, Value } from '../task/task.js';
import { SlurmError } from './commands.js';
import { shellQuote } from './render.js';
import { checkSettings, type JobSettings } from './settings.js';

/** What continues the run of a folder, for a shell. */
export const resumeCommand = (path: string): string => `lola slurm resume ${shellQuote(path)}`;

/** Raised with every change of what the files hold. */
export const FORMAT = 2;
/** A page holds so many tasks at most, and is full at so many bytes. */
const PAGE = { tasks: 500, bytes: 2 ** 22 };
/** What is written to alive/ has one length, so that a later line covers an earlier one. */
const ALIVE_LENGTH = 200;

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const some = v.pipe(whole, v.minValue(1));
const time = v.pipe(v.number(), v.finite());
const value = v.custom<Value>(() => true); // unpackValue, or JSON, gave it
const text = v.optional(v.string());
const list = <S extends v.GenericSchema>(schema: S) => v.pipe(v.array(schema), v.readonly());

const runRecord = v.object({
  format: v.literal(FORMAT, `it needs the version that wrote it: this one reads format ${FORMAT}`),
  tasks: whole,
  workers: some, // elements that run at the same time
  tasksPerElement: some,
  modules: list(v.string()), // URLs of task modules
  settings: v.custom<JobSettings>((given) => Boolean(checkSettings(given, 'run.json'))),
  label: value, // what the run is for: an estimate's samples and seed
  clusters: text, // which of the site's clusters has its jobs, if that was chosen
});
/** What a run is. It is written once, before its tasks are submitted. */
export type RunRecord = v.InferOutput<typeof runRecord>;

const span = v.pipe(v.strictTuple([whole, whole]), v.readonly());
/** The tasks from number `first` up to, but not with, `end`. */
export type Span = v.InferOutput<typeof span>;

const submission = v.object({ spans: list(span), job: v.optional(v.pipe(v.string(), v.digits())) });
/** One array job: element i computes spans[i]. `job` is missing until Slurm has taken it. */
export type Submission = v.InferOutput<typeof submission>;

const alive = v.object({ task: whole, time, host: v.string() });
/** Which task an element runs, since when (see clock) and where. */
export type Alive = v.InferOutput<typeof alive>;

const error = v.object({ name: v.string(), message: v.string(), stack: text, code: text });
const taskEnd = v.object({ start: time, end: time, value: v.optional(value), error: v.optional(error) });
/** How one task ended, by its element's clock: with a value, or with an error. */
export type TaskEnd = v.InferOutput<typeof taskEnd>;

const results = v.object({ first: whole, host: v.string(), ends: list(taskEnd) });
/** How tasks ended that follow one another from number `first`, and the host they ran on. */
export type Results = v.InferOutput<typeof results>;

const page = v.array(v.object({ key: v.string(), payload: v.instance(Uint8Array) }));

/** The files of a run. */
export class RunFolder {
  constructor(readonly path: string) {}

  /** @throws SlurmError if it cannot be made */
  static create(parent: string): RunFolder {
    const stamp = new Date().toISOString().slice(0, 19).replace(/[:-]/g, '').replace('T', '-');
    const folder = new RunFolder(join(parent, `run-${stamp}-${randomBytes(3).toString('hex')}`));
    const names = ['', 'tasks', 'results', 'alive', 'logs'];
    // Not recursive: Node would hide why it cannot (a read-only drive reads ENOENT).
    folder.attempt(() => names.forEach((name) => mkdirSync(folder.file(name))));
    return folder;
  }

  file(...names: readonly string[]): string {
    return join(this.path, ...names);
  }

  writeRecord(record: RunRecord): void {
    this.write('run.json', JSON.stringify(record, null, 2));
  }

  /** @throws InvalidArgumentError if the folder is no run's, or another version's */
  readRecord(): RunRecord {
    try {
      return v.parse(runRecord, JSON.parse(readFileSync(this.file('run.json'), 'utf8')));
    } catch (cause) {
      const why = `${this.path} is no run's folder (${(cause as Error).message})`;
      throw new InvalidArgumentError(`run: ${why}. Name one that holds run.json.`);
    }
  }

  /** Draws all tasks of a run and writes them. If the run fails meanwhile, it stops. */
  async writeTasks(run: Run): Promise<Drawn[]> {
    const all: Drawn[] = [];
    for (let drawn = run.draw(); drawn; await breathe()) {
      const [first, page] = [all.length, [] as PackedTask[]];
      for (let bytes = 0; drawn && page.length < PAGE.tasks && bytes < PAGE.bytes; drawn = run.draw()) {
        const packed = packTask(drawn.task);
        all.push(drawn);
        page.push(packed);
        bytes += packed.payload.length;
      }
      this.write(join('tasks', `${first}`), packValue(page as unknown as Value));
    }
    return all;
  }

  /** Tasks in their order. One page is in memory at a time. @throws SlurmError if one is not there */
  *tasks([from, end]: Span): Generator<Task> {
    const firsts = this.list('tasks', /^\d+$/).map(Number);
    firsts.sort((a, b) => a - b);
    let next = from;
    for (const [i, first] of firsts.entries()) {
      if (firsts[i + 1] <= from || next >= end) continue;
      const packedTasks = this.read(join('tasks', `${first}`), 'Start the run anew.', page);
      for (const packed of packedTasks.slice(next - first, end - first)) yield unpackTask(packed);
      next = first + packedTasks.length;
    }
    if (next < end) throw new SlurmError(`${this.path} lacks tasks from number ${next}. Start the run anew.`);
  }

  writeSubmission(number: number, submission: Submission): void {
    this.write(`submission-${number}.json`, JSON.stringify(submission));
  }

  readSubmission(number: number): Submission {
    const json = (bytes: Uint8Array) => JSON.parse(String(bytes)) as unknown;
    return this.read(`submission-${number}.json`, 'Start the run anew.', submission, json);
  }

  removeSubmission(number: number): void {
    this.attempt(() => rmSync(this.file(`submission-${number}.json`), { force: true }));
  }

  /** How many array jobs Slurm has taken, or may have. */
  submissions(): number {
    return this.list('', /^submission-\d+\.json$/).length;
  }

  /** Opens an element's file in alive/, and gives what writes there: a short write costs little beside a task. */
  openAlive(element: string): (alive: Alive) => void {
    const file = this.attempt(() => openSync(this.file('alive', element), 'w'));
    return (alive) => void writeSync(file, JSON.stringify(alive).padEnd(ALIVE_LENGTH), 0);
  }

  /** undefined if the element has not begun. */
  readAlive(element: string): Alive | undefined {
    try {
      return v.parse(alive, JSON.parse(readFileSync(this.file('alive', element), 'utf8')));
    } catch {
      return undefined;
    }
  }

  /** @param element 'N-E', as in alive/ */
  writeResults(element: string, results: Results): void {
    const name = `${element}-${results.first}-${results.ends.length}`;
    this.write(join('results', name), packValue(results));
  }

  readResults(name: string): Results {
    return this.read(join('results', name), 'Delete it and resume the run.', results);
  }

  /** Names of the results that are whole. */
  results(): string[] {
    return this.list('results', /^\d+-\d+-\d+-\d+$/);
  }

  /** Names in one of its folders. */
  list(name: string, pattern: RegExp): string[] {
    const remedy = "A run's folder must stay until it is over.";
    const names = explained(`cannot read ${this.file(name)}`, remedy, () => readdirSync(this.file(name)));
    return names.filter((found) => pattern.test(found));
  }

  write(name: string, content: string | Uint8Array): void {
    this.attempt(() => writeAtomically(this.file(name), content));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 });
  }

  /** @throws SlurmError that says where, if the action cannot write */
  attempt<T>(action: () => T): T {
    const remedy = 'It needs room, and a file system that all nodes may write to.';
    return explained(`cannot write to ${this.path}`, remedy, action);
  }

  private read<S extends v.GenericSchema>(
    name: string,
    remedy: string,
    schema: S,
    unpack: (bytes: Uint8Array) => unknown = unpackValue,
  ): v.InferOutput<S> {
    const path = this.file(name);
    return explained(`${path} cannot be read`, remedy, () => v.parse(schema, unpack(readFileSync(path))));
  }
}

function explained<T>(what: string, remedy: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw new SlurmError(`${what}: ${(cause as Error).message}. ${remedy}`, { cause });
  }
}
