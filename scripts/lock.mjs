// One process at a time does what changes this clone: others wait, and find it done.
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hasEnded, thisProcess } from '../lib/owner.mjs';

const LOOK_MS = 100;
/** A process on another host cannot be asked: if its lock is older, it is taken for gone. An empty one, of a full disk, sooner (ms). */
const MOST_MS = { owned: 20 * 60_000, empty: 10_000 };

/**
 * Does something while this process has the lock.
 * @param {string} file the lock; it holds the process that has it
 * @param {() => void} act
 * @param {(text: string) => void} say hears once for whom it waits
 */
export function withLock(file, act, say) {
  take(file, say);
  const release = () => removeOwn(file);
  process.once('exit', release); // also where `act` ends the process
  try {
    act();
  } finally {
    release();
    process.removeListener('exit', release);
  }
}

function take(file, say) {
  for (let waits = 0; ; waits++) {
    try {
      writeFileSync(file, JSON.stringify(thisProcess()), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') {
        rmSync(file, { force: true }); // a full disk may have taken its name and nothing else
        throw error;
      }
    }
    const owner = readOwner(file);
    if (isNobodys(file)) setAside(file);
    else {
      const who = owner ? `process ${owner.pid} on ${owner.host}` : 'another process';
      const remedy = `If it is not there any more, delete ${file}.`;
      if (waits === 10) say(`waiting for ${who}, which prepares this clone. ${remedy}`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS);
    }
  }
}

/** Of several processes that find a lock without its owner, one moves it. If it has moved a new one, that goes back. */
function setAside(file) {
  const aside = `${file}-${process.pid}`;
  try {
    renameSync(file, aside);
    if (!isNobodys(aside)) linkSync(aside, file);
  } catch {
    // somebody else was first
  }
  rmSync(aside, { force: true });
}

function isNobodys(file) {
  const owner = readOwner(file);
  return hasEnded(owner) || ageOf(file) > (owner ? MOST_MS.owned : MOST_MS.empty);
}

function removeOwn(file) {
  const { host, pid, started } = thisProcess();
  const owner = readOwner(file);
  if (owner?.pid === pid && owner.host === host && owner.started === started) rmSync(file, { force: true });
}

function readOwner(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // it is gone, or its owner is about to write it
  }
}

function ageOf(file) {
  try {
    return Date.now() - statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}
