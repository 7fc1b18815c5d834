// One client at a time follows a run: two would both submit what is missing.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { SlurmError } from './commands.js';
import type { RunDirectory } from './run-directory.js';

/**
 * Makes this process the run's client: it leaves its host and its process's number in the next of the files client-0,
 * client-1, ... A number is used once, so of two who find the last client gone only one makes the next file.
 * @returns what sets the run free for another client
 * @throws SlurmError where a client follows the run
 */
export function claim(run: RunDirectory): () => void {
  for (;;) {
    const names = run.list('.', /^client-\d+(-gone)?$/);
    const numberOf = (name: string) => Number(name.split('-')[1]);
    const last = names.sort((a, b) => numberOf(a) - numberOf(b)).pop();
    if (last !== undefined && !last.endsWith('-gone')) refuseUnlessDead(run.file(last));
    const file = run.file(`client-${last === undefined ? 0 : numberOf(last) + 1}`);
    if (!make(run, file)) continue; // somebody was faster
    return () => {
      try {
        renameSync(file, `${file}-gone`);
      } catch {
        // The run's folder is gone too, or cannot be written: the end of this process will tell.
      }
    };
  }
}

/** Whether the file was made, and not there before. */
function make(run: RunDirectory, file: string): boolean {
  let made = true;
  run.attempt(() => {
    try {
      writeFileSync(file, `${process.pid} ${hostname()}`, { flag: 'wx' });
    } catch (error) {
      made = false;
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
      rmSync(file, { force: true }); // a full disk may have taken its name and nothing else
      throw error;
    }
  });
  return made;
}

function refuseUnlessDead(file: string): void {
  if (!existsSync(file)) return; // it was set free a moment ago
  const [pid, host] = readFileSync(file, 'utf8').split(' ');
  if (host === hostname() && !runs(Number(pid))) return;
  const who = host === undefined ? 'another process' : `process ${pid} on ${host}`;
  throw new SlurmError(
    `${who} follows this run. Stop it there first; if it is not there any more, delete ${file}.`,
  );
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = `/proc/${pid}/stat`; // a zombie has ended, and nobody has asked how: as in a container without an init
    return !(existsSync(stat) && readFileSync(stat, 'utf8').includes(') Z '));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // somebody else's
  }
}
