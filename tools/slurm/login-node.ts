// Login nodes are for many people at once: outside of a job, no more than two threads.
import { spawnSync } from 'node:child_process';

const MOST_THREADS = 2;
const PING_MS = 2000;

/** Whether this is a host of a Slurm cluster outside of a job. `ping` asks Slurm; another may be passed in tests. */
export function onLoginNode(env: NodeJS.ProcessEnv = process.env, ping: () => boolean = pingSlurm): boolean {
  return env.SLURM_JOB_ID === undefined && ping();
}

/**
 * The threads to take of those asked for.
 * @param say hears why they are fewer
 */
export function allowedThreads(
  asked: number,
  say: (text: string) => void,
  login: () => boolean = onLoginNode,
): number {
  if (asked <= MOST_THREADS || !login()) return asked;
  say(
    `this is a login node, shared by many: ${MOST_THREADS} threads instead of ${asked}. For more, take a job: srun --cpus-per-task=${asked} --pty bash`,
  );
  return MOST_THREADS;
}

/** Whether this host belongs to a cluster whose controller answers. */
export function pingSlurm(): boolean {
  return spawnSync('scontrol', ['ping'], { timeout: PING_MS, stdio: 'ignore' }).status === 0;
}
