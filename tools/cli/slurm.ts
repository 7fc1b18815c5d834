// `lola slurm`: workers as Slurm's jobs, a probe of what nodes can do, and runs that Slurm computes by itself.
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { askStatus } from '../../lib/cluster/index.js';
import { defaultSchedulerFile, readSchedulerFile } from '../../lib/cluster/scheduler-file.js';
import { ConnectionError, InvalidArgumentError } from '../../lib/errors.js';
import {
  COMMENT,
  adviseOnReason,
  checkSettings,
  describeResult,
  isLive,
  readSettings,
  resumeCommand,
  resumeSlurm,
  scancel,
  submitWorkers,
  submittedWorkers,
  watchWorkers,
  workerScript,
  type JobSettings,
  type JobState,
} from '../../lib/slurm/index.js';
import { diagnose, probeScript } from '../slurm/doctor.js';
import { EXIT } from './exit.js';
import { countOption } from './flags.js';
import { interruptible } from './interrupt.js';
import { table } from './table.js';
import { warn } from './whereabouts.js';

const ASK_MS = 1000;

/** As commander gives them: the names of settings, and what is no setting. */
type JobFlags = JobSettings & {
  readonly settings?: string;
  readonly schedulerFile?: string;
  readonly dryRun?: boolean;
  readonly workers?: number;
};

/** Adds the command and those below it. */
export function addSlurm(program: Command): void {
  const slurm = program
    .command('slurm')
    .description('use a Slurm cluster: workers as jobs, and runs that Slurm computes itself');
  withJobFlags(slurm.command('worker'))
    .description('print the job script of a worker; submit it with sbatch')
    .action((flags: JobFlags) => say(workerScript(settingsOf(flags), fileOf(flags)).trimEnd()));
  withJobFlags(slurm.command('up'))
    .description('submit workers and wait until they have joined; run it again to add workers')
    .addOption(countOption('--workers <N>', 'how many jobs').default(1))
    .option('--dry-run', 'show what would be submitted')
    .action(runUp);
  slurm.command('status').description('show the state of the workers that up submitted').action(runStatus);
  slurm.command('down').description('end the workers that up submitted, and no other job').action(runDown);
  withJobFlags(slurm.command('doctor'))
    .description('submit a probe of one minute: can a node start Node, see our files, reach the scheduler?')
    .option('--dry-run', 'show what would be submitted')
    .action(runDoctor);
  withSiteFlags(slurm.command('resume'))
    .description('continue a run of stage slurm whose client has ended, and print its result')
    .argument('<DIR>', "the run's folder, as in lola-runs/run-...; flags change its settings")
    .action(runResume);
  for (const command of slurm.commands) command.exitOverride();
}

function withJobFlags(command: Command): Command {
  return withSiteFlags(
    command
      .option('--scheduler-file <FILE>', 'where the scheduler wrote its addresses (default: in your home)')
      .option('--settings <FILE>', "your site's settings, a JSON file (default: ~/.lola/slurm.json)")
      .addOption(countOption('--cpus <N>', 'cores of each worker'))
      .option('--name <NAME>', "the jobs' name")
      .option('--log-dir <DIR>', 'folder for logs, created if missing (default: lola-logs)'),
  );
}

function withSiteFlags(command: Command): Command {
  return command
    .option('--partition <P>', 'sinfo shows them')
    .option('--account <A>', 'the account that pays')
    .option('--time <T>', 'time of a job: 01:00:00 is an hour')
    .option('--memory <M>', "memory, such as 4G; 'none' to ask for none")
    .option('--constraint <C>', 'what nodes must have')
    .option('--prologue <LINE...>', "shell lines before Node starts, such as 'module load nodejs'")
    .option('--extra <DIRECTIVE...>', 'directives of your own, as --extra=--qos=short')
    .option('--skip <NAME...>', 'directives to leave out, such as requeue')
    .option('--node <PATH>', 'the Node that jobs run');
}

/** The site's settings, and over them the flags. */
const settingsOf = ({ settings, schedulerFile: _, dryRun: __, workers: ___, ...given }: JobFlags) =>
  checkSettings({ ...readSettings(settings), ...given }, 'flags');

const fileOf = ({ schedulerFile }: JobFlags): string => schedulerFile ?? defaultSchedulerFile();

async function runUp(flags: JobFlags): Promise<void> {
  const { workers = 1, dryRun } = flags;
  const [settings, file] = [settingsOf(flags), fileOf(flags)];
  const times = workers === 1 ? 'once' : `${workers} times`;
  if (dryRun) return say(`# submitted ${times}:\n${workerScript(settings, file, COMMENT).trimEnd()}`);
  const { addresses } = readSchedulerFile(file, warn);
  if (addresses.every((address) => /^(localhost|127\.|\[::1\])/.test(new URL(address).hostname))) {
    const why = `the scheduler listens on ${addresses.join(', ')}, which no other host can reach`;
    throw new InvalidArgumentError(`up: ${why}. Start it with: lola scheduler --host 0.0.0.0`);
  }
  await askStatus({ file }, warn); // jobs for a scheduler that is gone would wait for it in vain
  const { signal, release } = interruptible(); // before there is anything to take back
  try {
    const jobs = await submitWorkers(workers, settings, file, signal);
    await waitUntilJoined(jobs, settings, file, signal).catch((error: Error) => {
      const message = `${error.message} The jobs stay. To end them: scancel ${jobs.join(' ')}`;
      if (!signal.aborted) throw Object.assign(error, { message }); // a key ends Slurm's commands, too
    });
    const stay = 'Stopped waiting. The jobs stay: lola slurm status shows them, lola slurm down ends them.';
    if (signal.aborted) stop(jobs.length > 0 ? stay : 'Stopped. Jobs submitted so far are cancelled.');
  } finally {
    release();
  }
}

/** Says each change of each job until all have joined the scheduler, or one has ended. */
async function waitUntilJoined(jobs: string[], settings: JobSettings, file: string, signal: AbortSignal) {
  const said = new Map<string, string>();
  const sayOnce = (job: string, text: string) => {
    if (said.get(job) !== text) say(`job ${job}: ${text}`);
    said.set(job, text);
  };
  while (!signal.aborted) {
    const joined = (await askStatus({ file }, warn)).workers.map(({ name }) => name);
    const waiting = jobs.filter((job) => !joined.some((name) => name.endsWith(`-${job}`)));
    for (const job of jobs) if (!waiting.includes(job)) sayOnce(job, 'joined');
    if (waiting.length === 0) return;
    for (const state of await watchWorkers(waiting, settings)) {
      const how = `job ${state.job} ended before it joined: ${state.ending}`;
      if (state.ending) throw new ConnectionError(`${how}. lola slurm doctor finds out why.`);
      sayOnce(state.job, describe(state));
    }
    await delay(ASK_MS, undefined, { signal }).catch(() => undefined);
  }
}

function describe(job: JobState): string {
  const { state, reason, node } = job;
  if (state === 'PENDING' && reason !== 'None') return `PENDING (${reason}): ${adviseOnReason(reason)}`;
  return isLive(job) && node !== '' ? `${state} on ${node}` : state;
}

async function runStatus(): Promise<void> {
  const rows = (await submittedWorkers()).map((job) => [job.job, describe(job)]);
  say(rows.length > 0 ? table(['job', 'state'], rows) : 'no workers. Submit some: lola slurm up --workers 2');
}

async function runDown(): Promise<void> {
  const jobs = (await submittedWorkers()).map(({ job }) => job);
  await scancel(jobs);
  say(jobs.length === 0 ? 'no workers to end' : `ended: ${jobs.join(', ')}`);
}

async function runDoctor(flags: JobFlags): Promise<void> {
  const settings = settingsOf(flags);
  if (flags.dryRun) return say(probeScript(settings, 'doctor-FOLDER').trimEnd());
  const file = fileOf(flags);
  // If you name no file and no scheduler is up, the probe tries whether this host can be reached.
  const isUp = flags.schedulerFile !== undefined || existsSync(file);
  const addresses = isUp ? readSchedulerFile(file, warn).addresses : [];
  const { signal, release } = interruptible();
  const findings = await diagnose(settings, addresses, { signal, onReport: say }).finally(release);
  if (findings.length === 0) stop('Stopped before the probe had an answer.');
  for (const { ok, text } of findings) say(`${ok ? '+ ok     ' : 'x problem'}  ${text}`);
  if (findings.some(({ ok }) => !ok)) process.exitCode = EXIT.failed;
}

async function runResume(directory: string, flags: JobSettings): Promise<void> {
  const settings = Object.keys(flags).length > 0 ? flags : undefined;
  const { signal, release } = interruptible();
  const resuming = resumeSlurm(directory, { settings, signal, onReport: warn }).finally(release);
  const { label, values } = await resuming.catch((error: unknown) => {
    if (signal.aborted) say(`Stopped. To continue: ${resumeCommand(directory)}`);
    throw error;
  });
  process.stdout.write(describeResult(label, values));
}

function stop(text: string): void {
  say(text);
  process.exitCode = EXIT.interrupted;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
