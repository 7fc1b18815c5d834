// One client at a time follows a run: two would both submit what is missing. Needs Node.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { SlurmError } from './commands.js';
import type { RunFolder } from './run-folder.js';

/**
 * Makes this process the run's client: it writes its process number and its host into the first of the files client-0,
 * client-1, ... that is not there. They stay. A client that has gone has an empty file client-N-gone beside its own.
 * So each number is used once: of all processes that find the last client gone, only one can make the next file.
 * @returns what lets another client follow the run
 * @throws SlurmError if a client follows the run
 */
export function claim(folder: RunFolder): () => void {
  for (let number = 0; ; number++) {
    const file = folder.file(`client-${number}`);
    const gone = `${file}-gone`;
    if (existsSync(gone)) continue;
    if (folder.attempt(() => make(file))) return () => leave(gone);
    refuseUnlessDead(file);
    folder.attempt(() => writeFileSync(gone, '')); // before the next is made: only the last can be without
  }
}

function leave(gone: string): void {
  try {
    writeFileSync(gone, '');
  } catch {
    // The run's folder is gone too, or cannot be written. The end of this process tells the next client enough.
  }
}

/** Whether the file was made, and was not there before. */
function make(file: string): boolean {
  try {
    writeFileSync(file, `${process.pid} ${hostname()}`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    rmSync(file, { force: true }); // a full disk may have taken its name and nothing else
    throw error;
  }
}

function refuseUnlessDead(file: string): void {
  const [pid, host] = read(file).split(' ');
  if (host === hostname() && !isAlive(Number(pid))) return;
  const who = host === undefined ? 'another process' : `process ${pid} on ${host}`;
  throw new SlurmError(
    `${who} follows this run. Stop it there first; if it is not there any more, delete ${file}.`,
  );
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // deleted this very moment, or closed to us: somebody was there
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = `/proc/${pid}/stat`; // a zombie has ended, but its parent has not noticed
    return !(existsSync(stat) && readFileSync(stat, 'utf8').includes(') Z '));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // another user's
  }
}
