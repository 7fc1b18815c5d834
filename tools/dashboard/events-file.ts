// A run's events in a file: a line of JSON that names the machine, then one for each event. Recorded once, drawn again
// at any time.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import * as v from 'valibot';
import { InvalidArgumentError } from '../../lib/errors.js';
import type { ExecutorEvent } from '../../lib/task/executor.js';
import { Recorder } from './recorder.js';
import type { Picture } from './picture.js';

/** So many characters are written at once. */
const CHUNK = 1 << 16;

const time = v.pipe(v.number(), v.finite());
const thread = v.pipe(v.number(), v.integer());
const at = { worker: v.string(), thread };
const header = v.object({
  type: v.literal('run'),
  format: v.literal(1),
  title: v.string(),
  machine: v.string(),
});
const event = v.variant('type', [
  v.object({ type: v.literal('queued'), task: v.string(), time }),
  v.object({ type: v.literal('started'), task: v.string(), ...at, time }),
  v.object({ type: v.literal('finished'), task: v.string(), ...at, start: time, end: time, time }),
  v.object({
    type: v.literal('failed'),
    task: v.string(),
    ...at,
    message: v.string(),
    retried: v.boolean(),
    time,
  }),
  v.object({ type: v.literal('dropped'), task: v.string(), worker: v.optional(v.string()), time }),
  v.object({
    type: v.literal('joined'),
    worker: v.string(),
    threads: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1024)),
    time,
  }),
  v.object({ type: v.literal('left'), worker: v.string(), reason: v.string(), time }),
]);

/** A file that events are written to. */
export interface EventsFile {
  readonly onEvent: (event: ExecutorEvent) => void;
  /** Writes what is held back and closes the file. Twice is harmless. */
  close(): void;
}

/**
 * Begins an events file.
 * @throws InvalidArgumentError where it cannot be written
 */
export function createEventsFile(path: string, title: string, machine: string): EventsFile {
  let file: number | undefined = open(path);
  let text = `${JSON.stringify({ type: 'run', format: 1, title, machine })}\n`;
  const flush = () => {
    if (file !== undefined) writeSync(file, text);
    text = '';
  };
  return {
    onEvent: (each) => {
      text += `${JSON.stringify(each)}\n`;
      if (text.length >= CHUNK) flush();
    },
    close: () => {
      flush();
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

function open(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (cause) {
    throw new InvalidArgumentError(
      `--events: cannot write '${path}': ${(cause as Error).message}. Name a file in a folder that is there.`,
    );
  }
}

/**
 * The picture of a recorded run, as it was when the last event came.
 * @throws InvalidArgumentError for a file that is not there, or has a line that is no event
 */
export function readEventsFile(path: string): Picture {
  const [first, ...lines] = read(path).split('\n');
  const head = v.safeParse(header, parse(first));
  if (!head.success)
    throw new InvalidArgumentError(
      `'${path}' is no events file: its first line names no run. Record one with --events FILE.`,
    );
  const recorder = new Recorder(head.output.title, head.output.machine);
  lines.forEach((line, i) => {
    if (line === '' && i === lines.length - 1) return;
    const { success, output } = v.safeParse(event, parse(line));
    if (!success) {
      throw new InvalidArgumentError(
        `'${path}', line ${i + 2}, is no event: '${line.slice(0, 60)}'. Remove the line, or record the run again.`,
      );
    }
    recorder.add(output);
  });
  return recorder.picture();
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new InvalidArgumentError(
      `cannot read '${path}': ${(cause as Error).message}. Name a file that --events has written.`,
    );
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
