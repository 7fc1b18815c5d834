// One client at a time follows a run: two would both submit what is missing.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { SlurmError } from './commands.js';
import type { RunDirectory } from './run-directory.js';

/**
 * Makes this process the run's client: it leaves its process's number and its host in the first of the files client-0,
 * client-1, ... that is not there. They stay: who has gone has an empty client-N-gone beside it. So a number is used
 * once, and of all who find the last client gone only one makes the next file, however old what they see of the folder.
 * @returns what sets the run free for another client
 * @throws SlurmError where a client follows the run
 */
export function claim(run: RunDirectory): () => void {
  for (let number = 0; ; number++) {
    const file = run.file(`client-${number}`);
    const gone = `${file}-gone`;
    if (existsSync(gone)) continue;
    if (make(run, file)) return () => leave(gone);
    refuseUnlessDead(file);
    run.attempt(() => writeFileSync(gone, '')); // before the next is made: only the last can be without
  }
}

function leave(gone: string): void {
  try {
    writeFileSync(gone, '');
  } catch {
    // The run's folder is gone too, or cannot be written: the end of this process will tell.
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
  const [pid, host] = read(file).split(' ');
  if (host === hostname() && !runs(Number(pid))) return;
  const who = host === undefined ? 'another process' : `process ${pid} on ${host}`;
  throw new SlurmError(
    `${who} follows this run. Stop it there first; if it is not there any more, delete ${file}.`,
  );
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // deleted this very moment, or not for us to read: somebody was there
  }
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
