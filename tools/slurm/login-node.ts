// Login nodes are for many people at once: outside of a job, no more than two threads.
import { spawnSync } from 'node:child_process';

const MOST_THREADS = 2;

/** Whether this is a host of a Slurm cluster whose controller answers, outside of a job. */
export function onLoginNode(env = process.env, ping = pingSlurm): boolean {
  return env.SLURM_JOB_ID === undefined && ping();
}

function pingSlurm(): boolean {
  const end = { timeout: 2000, killSignal: 'SIGKILL' } as const;
  return spawnSync('scontrol', ['ping'], { ...end, stdio: 'ignore' }).status === 0;
}

/** How many of the threads asked for to take. `say` hears why they are fewer. */
export function allowedThreads(asked: number, say: (text: string) => void, login = onLoginNode): number {
  if (asked <= MOST_THREADS || !login()) return asked;
  const remedy = `For more, take a job: srun --cpus-per-task=${asked} --pty bash`;
  say(`this is a login node, shared by many: ${MOST_THREADS} threads instead of ${asked}. ${remedy}`);
  return MOST_THREADS;
}
