// `lola dashboard`: where the dashboards of this account are. Each has left a note with its token, which only you can read.
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { writeAtomically } from '../../lib/atomic.js';
import { hasEnded, lolaFolder, thisProcess, type Owner } from '../../lib/machine.js';
import type { Dashboard } from '../dashboard/index.js';
import { EXIT } from './exit.js';
import { warn } from './whereabouts.js';

/** Machines that share a home have the same ports and process numbers, so each has notes of its own. */
const PREFIX = `dashboard-${hostname()}-`;

/** What a dashboard leaves in a file, for as long as it is up. */
interface Note extends Pick<Dashboard, 'url' | 'address' | 'port'>, Owner {
  readonly title: string;
}

export function addDashboard(program: Command): void {
  program
    .command('dashboard')
    .description('print the addresses of your running dashboards (with the token on a terminal only)')
    .action(() => {
      const notes = readNotes();
      for (const note of notes) {
        process.stdout.write(`${note.title} (process ${note.pid})\n`);
        announce(note, process.stdout);
      }
      if (notes.length > 0) return;
      process.stderr.write(
        'No dashboard is up. Start one with lola scheduler, or add --dashboard to lola pi or lola start.\n',
      );
      process.exitCode = EXIT.failed;
    });
}

/** Says where a dashboard is: with its token to a terminal, without it to anything else, which may be a log. */
export function announce(
  { url, address, port }: Pick<Dashboard, 'url' | 'address' | 'port'>,
  to: NodeJS.WriteStream,
): void {
  to.write(`  dashboard at:  ${to.isTTY ? url : address}\n`);
  if (!to.isTTY) to.write('  lola dashboard, in a terminal, prints the address with its token\n');
  const line = sshLine(port, userName(), process.env);
  if (line) to.write(`  first, on your own machine (with your login name):  ${line}\n`);
}

/**
 * The line that brings a dashboard to the machine you sit at, unless you sit at this one. From there, this machine may
 * have another name than its own.
 */
export function sshLine(port: number, user: string, env: NodeJS.ProcessEnv): string | undefined {
  const [here, forward] = [hostname(), `-L ${port}:127.0.0.1:${port}`];
  const { SLURM_JOB_ID, SLURM_SUBMIT_HOST: login, SSH_CONNECTION } = env;
  if (SLURM_JOB_ID && login && login !== here) return `ssh -J ${user}@${login} ${forward} ${user}@${here}`;
  const sshPort = SSH_CONNECTION?.split(' ')[3] ?? '22';
  return SSH_CONNECTION && `ssh ${sshPort === '22' ? '' : `-p ${sshPort} `}${forward} ${user}@${here}`;
}

/** Writes down where a dashboard is. */
export function noteDashboard({ url, address, port }: Dashboard, title: string): void {
  const note: Note = { title, url, address, port, ...thisProcess() };
  try {
    mkdirSync(lolaFolder(), { recursive: true, mode: 0o700 });
    writeAtomically(noteOf(port), JSON.stringify(note), 0o600);
  } catch (error) {
    warn(`the dashboard is up, but lola dashboard will not find it: ${(error as Error).message}`);
  }
}

/** Removes a dashboard's note, unless another process has written its own there. */
export function forgetDashboard(port: number): void {
  const [note] = readNotes().filter((one) => one.port === port && one.pid === process.pid);
  if (note) rmSync(noteOf(port), { force: true });
}

/** The dashboards that are up on this host. Notes of those that were killed are removed. */
function readNotes(): readonly Note[] {
  return namesOfNotes().flatMap((name) => {
    const path = join(lolaFolder(), name);
    try {
      const note = JSON.parse(readFileSync(path, 'utf8')) as Note;
      if (hasEnded(note)) rmSync(path, { force: true });
      else if (note.host === hostname()) return [note];
    } catch {
      // it is no note, or not to be read or removed: of no use here
    }
    return [];
  });
}

function namesOfNotes(): string[] {
  try {
    return readdirSync(lolaFolder()).filter((name) => name.startsWith(PREFIX) && name.endsWith('.json'));
  } catch {
    return [];
  }
}

function noteOf(port: number): string {
  return join(lolaFolder(), `${PREFIX}${port}.json`);
}

/** An account may have no name, as in some containers. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'YOU';
  }
}
