// Slurm's refusals, reasons and ends in words, with what to do about them. Needs Node.
import { readFileSync } from 'node:fs';
import type { JobState } from './job-state.js';

type Advice = readonly (readonly [pattern: RegExp, text: string])[];

/** Why a command failed: what Slurm said, and what to do. */
export function adviseOn(command: string, code: number | string, stderr: string): string {
  const lines = stderr.trim().replaceAll(/^\w+: (error|fatal): /gm, '');
  const said = lines.split('\n').slice(-3).join('; ');
  if (code === 'ENOENT')
    return `${command} is not on the PATH. On a cluster: module avail slurm. On your own Debian or Ubuntu, npm run test:slurm says what to install.`;
  if (/^E[A-Z\d]+$/.test(String(code)))
    return `${command} cannot be started (${code}). The reason shows here: ls -lL $(which ${command}); ulimit -a`;
  if (/^SIG/.test(String(code))) return `${command} was ended by ${code}. Running jobs continue.`;
  if (typeof code === 'string' || AWAY.test(said))
    return `${command}: Slurm's controller does not answer (${said || code}). Try again in a while; running jobs continue.`;
  return `${command} refused (exit ${code}): ${said}. ${find(REFUSALS, said) ?? "Your site's staff can tell you what it allows."}`;
}

const find = (advice: Advice, said: string) => advice.find(([pattern]) => pattern.test(said))?.[1];

const AWAY =
  /contact slurm controller|connect(ion)? (refused|failure)|timed out|not responding|zero (bytes|length)|(unexpected|entire) message|message (send|receive) failure|authentication|standby mode/i;
const REFUSALS: Advice = [
  [/(unrecognized|invalid|unknown) option/i, 'This Slurm is too old: 20.02 or newer is needed.'],
  [/invalid partition/i, "sinfo shows the partitions; set 'partition'."],
  [/invalid account/i, "sacctmgr show associations user=$USER lists your accounts; set 'account'."],
  [/invalid qos/i, "sacctmgr show qos lists them; set it in 'extra'."],
  [/invalid feature/i, "sinfo -o '%P %f' shows the features; set 'constraint'."],
  [/submit limit|MaxSubmit|QOS/i, "A limit of your account: wait for jobs to end, or take fewer 'workers'."],
  [
    /memory specification|memory required|--mem/i,
    "This site refuses that --mem: set 'memory' to less, or to 'none'.",
  ],
  [/node configuration|more processors/i, "No node is that large: set less 'cpus' or 'memory'."],
  [/time limit/i, "Set a shorter 'time' (sinfo -o '%P %l' shows what is allowed)."],
  [/array/i, 'Cut the run into fewer elements.'],
  [/one cluster/i, 'Set SLURM_CLUSTERS to one of them.'],
  [/configuration source|slurm\.conf/i, 'This host knows no Slurm cluster: log in to a host of the cluster.'],
];

/** What to do about the reason why a job waits. */
export function adviseOnReason(reason: string): string {
  return find(REASONS, reason) ?? 'scontrol show job tells more.';
}

const REASONS: Advice = [
  [/^(Priority|Resources)$/, 'It waits for its turn; squeue --start guesses when that is.'],
  [/TimeLimit|WallDur/, "It asks for more time than allowed and would wait for ever: set a shorter 'time'."],
  [/Grp\w*(?<!Run)Minutes/, "The account's hours are used up: set another 'account', or ask your site."],
  [
    /Per(Job|Node|Limit)|Not(Satis|Allow)|^Invalid/,
    "It would wait for ever: a rule of your 'account' forbids it.",
  ],
  [/^(PartitionConfig|BadCon)/, "No node fits: set less 'cpus' or 'memory', or no 'constraint'."],
  [/^BeginTime$/, 'Slurm starts it again about two minutes after it was requeued.'],
  [/held/i, 'Somebody, or a failed launch, holds it: scontrol release lets it go.'],
  [/^Dependency/, 'It waits for another job.'],
  [/^(QOS|Assoc|Max)/, 'A limit of your account is reached; it starts when other jobs of yours end.'],
  [/ReqNodeNotAvail|Nodes_required/, 'Nodes are down or reserved; sinfo -R says why.'],
];

/** How a job or element ended, in Slurm's words, with the last lines of its log. */
export function describeEnd({ state, exitCode, node, reason }: JobState, log: string): string {
  const [code = '0', signal = '0'] = exitCode?.split(':') ?? [];
  const details = [
    node && `on ${node}`,
    code !== '0' && `exit code ${code}`,
    signal !== '0' && `signal ${signal}${signal === '53' ? ' (the node could not open its log)' : ''}`,
    reason !== 'None' && reason !== 'NonZeroExitCode' && reason,
  ];
  return `${[state, ...details].filter(Boolean).join(', ')}, ${lastLines(log)}`;
}

function lastLines(log: string): string {
  try {
    const lines = readFileSync(log, 'utf8').trim().split('\n').filter(Boolean).slice(-3);
    return lines.length === 0 ? 'its log is empty' : `its log ends: ${lines.join(' | ')}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? `no log at ${log}` : `its log ${log} cannot be read (${code})`;
  }
}

/** Whether another try may end otherwise. A task that ends its process, or takes too much, does so every time. */
export function mayTryAgain({ state, exitCode = '' }: JobState, progressed: boolean): boolean {
  if (state === 'OUT_OF_MEMORY' || state === 'DEADLINE') return false;
  if (state === 'TIMEOUT') return progressed; // the next element has its whole time for what is left
  return state !== 'FAILED' || /:(9|15)$/.test(exitCode); // by a signal from outside
}

/** What to do about an element that ended before its first task. */
export function adviseOnStart({ exitCode = '' }: JobState): string {
  return find(STARTS, exitCode) ?? "Submit the run's array-0.sh by hand with --array=0, and read its log.";
}

const STARTS: Advice = [
  [/^0:53$/, 'The node could not open the log: all nodes must share the file system. /tmp is not shared.'],
  [/^127:0$/, "Node was not found there: set 'prologue' (as 'module load nodejs') or 'node'."],
];
