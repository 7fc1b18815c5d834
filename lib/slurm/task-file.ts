// The tasks of a run in one file, and beside it the place where each begins: an element reads its own and no other.
import { closeSync, fsyncSync, openSync, readSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { checkTask } from '../task/run-task.js';
import type { Task } from '../task/task.js';
import { SlurmError } from './commands.js';
import type { RunDirectory } from './run-directory.js';

/** Writes the tasks one after the other, and where each begins. A million of them take the memory of their places. */
export async function writeTasks(
  run: RunDirectory,
  tasks: Iterable<Task>,
  onTask: (task: Task) => void,
  breathe: () => Promise<void>,
): Promise<number> {
  const [body, index] = [openSync(run.file('tasks.bin'), 'w'), openSync(run.file('tasks.index'), 'w')];
  try {
    let count = 0;
    let place = 0;
    let waiting: Uint8Array[] = [];
    const places: number[] = [0];
    const flush = () => {
      writeFileSync(body, Buffer.concat(waiting));
      writeFileSync(index, doubles(places));
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
      run.attempt(flush);
      await breathe();
    }
    run.attempt(flush);
    run.attempt(() => [body, index].forEach((file) => fsyncSync(file)));
    return count;
  } finally {
    closeSync(body);
    closeSync(index);
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

/** Numbers as 8 bytes each, low byte first on every machine. */
function doubles(numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(8 * numbers.length);
  for (const [i, value] of numbers.entries()) bytes.writeDoubleLE(value, 8 * i);
  return bytes;
}
