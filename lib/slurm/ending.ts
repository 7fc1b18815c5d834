// How jobs end and why they wait, in Slurm's words, with the log's last lines and what to do.
import { existsSync, readFileSync } from 'node:fs';
import type { JobState } from './job-state.js';

/** Whether another try may end otherwise. A task that ends its process, or takes too much, does so every time. */
export function mayTryAgain({ state, exitCode = '' }: JobState, progressed: boolean): boolean {
  if (state === 'OUT_OF_MEMORY' || state === 'DEADLINE') return false;
  if (state === 'TIMEOUT') return progressed; // the next element has its whole time for what is left
  return state !== 'FAILED' || /:(9|15)$/.test(exitCode); // by a signal from outside
}

/** How an element ended, in Slurm's words, with the last lines of its log. */
export function describeEnd({ state, exitCode, node, reason }: JobState, log: string): string {
  const [code, signal] = exitCode?.split(':') ?? [];
  const details = [
    node && `on ${node}`,
    code !== undefined && code !== '0' && `exit code ${code}`,
    signal !== undefined && signal !== '0' && `signal ${signal}`,
    reason && reason !== 'None' && reason !== 'NonZeroExitCode' && reason,
  ].filter(Boolean);
  return `${[state, ...details].join(', ')}${lastLines(log)}`;
}

function lastLines(log: string): string {
  if (!existsSync(log)) return `, no log at ${log}`;
  const lines = readFileSync(log, 'utf8').trim().split('\n').filter(Boolean).slice(-3);
  return lines.length === 0 ? `, its log is empty` : `, its log ends: ${lines.join(' | ')}`;
}

export function adviseOnStart({ exitCode }: JobState): string {
  if (exitCode === '0:53')
    return 'The node could not open the log: the folder must lie on a file system that all nodes share. /tmp is not shared.';
  if (exitCode === '127:0')
    return "Node was not found there: set 'prologue' (as 'module load nodejs') or 'node'.";
  return "Submit the run folder's array-0.sh by hand with --array=0, and read its log.";
}

export function adviseOnReason(reason: string): string {
  const found = REASONS.find(([pattern]) => pattern.test(reason));
  return found?.[1] ?? 'scontrol show job tells more.';
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^(Priority|Resources)$/, 'It waits for its turn; squeue --start guesses when that is.'],
  [/TimeLimit/, "It asks for more time than it may have and would wait for ever: set a shorter 'time'."],
  [
    /^(PartitionConfig|BadConstraints)$/,
    "No node of the partition is like that: ask for fewer 'cpus', less 'memory' or another 'constraint'.",
  ],
  [/^BeginTime$/, 'Slurm starts it again about two minutes after it was requeued.'],
  [/held/i, 'Somebody, or a failed launch, holds it: scontrol release lets it go.'],
  [/^Dependency/, 'It waits for another job.'],
  [/^(QOS|Assoc)/, 'A limit of your account is reached; it goes on as your other jobs end.'],
  [/ReqNodeNotAvail|Nodes_required/, 'Nodes are down or reserved; sinfo -R says why.'],
];
