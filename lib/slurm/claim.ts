// One client at a time follows a run: two would both submit what is missing. Needs Node.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hasEnded, thisProcess, type Owner } from '../machine.js';
import { SlurmError } from './commands.js';
import type { RunFolder } from './run-folder.js';

/**
 * Makes this process the run's client: it writes which process it is into the first of the files client-0,
 * client-1, ... that is not there. A client that has gone has an empty client-N-gone beside its file. Both stay: so
 * each number is used once, and of all processes that find the last client gone, only one can make the next file.
 * @returns what lets another client follow the run
 * @throws SlurmError if a client follows the run
 */
export function claim(folder: RunFolder): () => void {
  for (let number = 0; ; number++) {
    const file = folder.file(`client-${number}`);
    const gone = `${file}-gone`;
    if (existsSync(gone)) continue;
    if (folder.attempt(() => make(file))) return () => ifThere(() => writeFileSync(gone, ''));
    refuseUnlessDead(file);
    folder.attempt(() => writeFileSync(gone, '')); // before the next is made: only the last can be without
  }
}

/** Whether the file was made, and was not there before. */
function make(file: string): boolean {
  try {
    writeFileSync(file, JSON.stringify(thisProcess()), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    rmSync(file, { force: true }); // a full disk may have taken its name and nothing else
    throw error;
  }
}

function refuseUnlessDead(file: string): void {
  const owner = ifThere(() => JSON.parse(readFileSync(file, 'utf8')) as Owner);
  if (hasEnded(owner)) return;
  const who = owner ? `process ${owner.pid} on ${owner.host}` : 'another process';
  const remedy = `Stop it there first; if it is not there any more, delete ${file}.`;
  throw new SlurmError(`${who} follows this run. ${remedy}`);
}

/** undefined if the file or its folder is gone, or is not ours to use. */
function ifThere<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
