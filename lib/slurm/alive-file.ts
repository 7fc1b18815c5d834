// What an element tells of itself while it runs, in a file of its own.
import { openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { RunDirectory } from './run-directory.js';

/** What an element tells of itself when it begins; `task` is the number of the task that runs now. */
export interface Alive {
  readonly task: number;
  readonly time: number;
  readonly host: string;
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
