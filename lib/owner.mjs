// Which process a file belongs to: several hosts may share a home, and a process number alone names a process on each of
// them, and another one after a while. Needs Node. JavaScript, since scripts need it before any build.
import fs from 'fs';
import os from 'os';

/**
 * @typedef {object} Owner
 * @property {string} host
 * @property {number} pid
 * @property {string} started when it started, as far as the system tells: another process with its number has another one
 */

/** This process. @returns {Owner} */
export function thisProcess() {
  return { host: os.hostname(), pid: process.pid, started: startOf(process.pid) || '' };
}

/**
 * Whether a process has ended. False if that cannot be known, as of a process on another host.
 * @param {Partial<Owner> | null} [owner]
 */
export function hasEnded(owner) {
  const { host, pid = 0, started } = owner ?? {};
  if (host !== os.hostname() || !Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') return true; // EPERM: it is there, and another user's
  }
  const start = startOf(pid);
  return start === 'ended' || Boolean(start && started && start !== started);
}

/** Field 22 of stat, in ticks since the host started. A zombie has ended, but its parent has not noticed. @param {number} pid */
function startOf(pid) {
  try {
    // The second field is a name in brackets that may hold anything.
    const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop().split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : fields[19];
  } catch {
    return undefined;
  }
}
