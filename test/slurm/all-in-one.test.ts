// The job that holds scheduler, workers and client: how it ends. Stand-ins play node and srun.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, openSync } from 'node:fs';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { templateText } from '../../lib/slurm/render.js';

let home: string;
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), 'lola-all-'))));
afterEach(() => {
  for (const pid of pids()) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  rmSync(home, { recursive: true });
});

/** Of the programs that the script started and that last. */
const pids = () =>
  existsSync(join(home, 'pids'))
    ? readFileSync(join(home, 'pids'), 'utf8').trim().split('\n').map(Number)
    : [];
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** For a client or srun: waits until the scheduler and the other one have noted their pids, so that none is left behind. */
const BOTH = 'until [ "$(wc -l < "$HOME/pids")" -ge 2 ]; do sleep 0.1; done';

/** Runs the script. Its scheduler lasts until it is ended; `srun` and `client` are lines of sh. */
async function runJob(srun: string, client: string): Promise<{ code: number; said: string }> {
  const bin = join(home, 'bin');
  mkdirSync(bin);
  const program = (name: string, lines: string) => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${lines}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  const lasts = `echo $$ >> "$HOME/pids"; exec sleep 600`;
  const scheduler = `ls "$(dirname "$6")" > "$HOME/before"; ${lasts.replace(';', `; echo '{}' > "$6";`)}`;
  program(
    'node',
    `case "$2" in scheduler) ${scheduler} ;; pi) ${client.replace('LASTS', () => lasts)} ;; esac`,
  );
  program(
    'srun',
    srun.replace('LASTS', () => lasts),
  );
  program('sleep', 'case "$1" in 0.*) exec /bin/sleep 0.01 ;; *) exec /bin/sleep "$1" ;; esac'); // no test waits ten seconds
  writeFileSync(join(home, 'job.sh'), templateText('all-in-one'));
  const log = openSync(join(home, 'log'), 'w'); // not a pipe: what lasts would hold it open
  const env = {
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    HOME: home,
    SLURM_JOB_ID: '7',
    SLURM_CPUS_PER_TASK: '3',
  };
  const job = spawn('bash', [join(home, 'job.sh')], { env, stdio: ['ignore', log, log] });
  const [code] = (await once(job, 'exit')) as [number];
  return { code, said: readFileSync(join(home, 'log'), 'utf8') };
}

describe.skipIf(process.platform === 'win32')('the job of scheduler, workers and client', () => {
  test.each([
    [
      'cannot start them',
      "echo 'srun: fatal: mutually exclusive' >&2; exit 1",
      'srun: fatal: mutually exclusive\n',
    ],
    ['has lost them', 'exit 137', ''],
    ['says that they have left', 'exit 0', ''],
  ])('fails without workers, and says so in one line, when srun %s', async (_, srun, said) => {
    const why = 'lola: srun ended before the client, see above: no workers\n';
    expect(await runJob(`${BOTH}; ${srun}`, 'LASTS')).toEqual({ code: 1, said: `${said}${why}` });
    expect(pids()).toHaveLength(2);
    expect(pids().filter(isAlive)).toEqual([]);
    expect(readdirSync(join(home, '.lola'))).toEqual([]);
  });

  test('gives each worker the cores of its task, and its variables: srun does not read what sbatch was told', async () => {
    expect(await runJob('echo "$@" > "$HOME/srun"; LASTS', BOTH)).toEqual({ code: 0, said: '' });
    expect(readFileSync(join(home, 'srun'), 'utf8')).toMatch(
      /^--export=ALL --cpus-per-task=3 .* --threads 3 /,
    );
  });

  test('that was requeued does not find the scheduler that it had before', async () => {
    mkdirSync(join(home, '.lola', 'job-7'), { recursive: true });
    writeFileSync(join(home, '.lola', 'job-7', 'scheduler.json'), '{}');
    expect(await runJob('LASTS', BOTH)).toEqual({ code: 0, said: '' });
    expect(readFileSync(join(home, 'before'), 'utf8')).toBe('');
  });

  test.each([0, 2])('ends as its client does, with %d, also if srun hangs', async (code) => {
    expect(await runJob('LASTS', `${BOTH}; exit ${code}`)).toEqual({ code, said: '' });
    expect(readdirSync(join(home, '.lola'))).toEqual([]);
  });
});
