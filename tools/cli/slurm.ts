// `lola slurm`: workers as Slurm's jobs, a probe of what nodes can do, and runs that Slurm computes by itself.
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { askStatus } from '../../lib/cluster/client.js';
import { defaultSchedulerFile, readSchedulerFile } from '../../lib/cluster/scheduler-file.js';
import { ConnectionError, EstimatorError, InvalidArgumentError } from '../../lib/errors.js';
import { isLive, type JobState } from '../../lib/slurm/job-state.js';
import { diagnose, probeScript } from '../slurm/doctor.js';
import { adviseOnReason } from '../../lib/slurm/ending.js';
import { resumeSlurm } from '../../lib/slurm/executor.js';
import { describeResult } from '../../lib/slurm/result.js';
import { checkSettings, readSettings, type JobSettings } from '../../lib/slurm/render.js';
import {
  cancelWorkers,
  submitWorkers,
  submittedWorkers,
  upScript,
  watchWorkers,
  workerScript,
} from '../../lib/slurm/workers.js';
import { EXIT } from './exit.js';
import { readCount } from './flags.js';
import { interruptible } from './interrupt.js';
import { table } from './table.js';
import { warn } from './whereabouts.js';

const ASK_MS = 1000;

interface JobFlags extends Omit<JobSettings, 'cpus'> {
  readonly cpus?: string;
  readonly settings?: string;
  readonly schedulerFile?: string;
  readonly dryRun?: boolean;
  readonly workers?: string;
}

export function addSlurm(program: Command): void {
  const slurm = program
    .command('slurm')
    .description('use a Slurm cluster: workers as jobs, and runs that Slurm computes itself');
  withJobFlags(slurm.command('worker').description('print the job script of a worker; submit it with sbatch'))
    .option(
      '--scheduler-file <FILE>',
      'where the scheduler wrote its address, seen by all nodes (absent: in your home)',
    )
    .action((flags: JobFlags) => say(workerScript(settingsOf(flags), fileOf(flags)).trimEnd()));
  withJobFlags(
    slurm.command('up').description('submit workers and wait until they have joined; once more adds workers'),
  )
    .option('--workers <N>', 'how many jobs', '1')
    .option(
      '--scheduler-file <FILE>',
      'where the scheduler wrote its address, seen by all nodes (absent: in your home)',
    )
    .option('--dry-run', 'show what would be submitted')
    .action(runUp);
  slurm.command('status').description('say how the workers are that up has submitted').action(runStatus);
  slurm
    .command('down')
    .description('end the workers that up has submitted, and no other job')
    .option('--dry-run', 'show which')
    .action(runDown);
  withJobFlags(
    slurm
      .command('doctor')
      .description(
        'submit a probe of one minute: can a node start Node, see our files, reach the scheduler?',
      ),
  )
    .option(
      '--scheduler-file <FILE>',
      'where the scheduler wrote its address (absent: in your home, if one is up)',
    )
    .option('--dry-run', 'show what would be submitted')
    .action(runDoctor);
  slurm
    .command('resume')
    .description('go on with a run of stage slurm whose client has gone, and print its result')
    .argument('<DIR>', "the run's folder, as in lola-runs/run-...")
    .action(runResume);
  for (const command of slurm.commands) command.exitOverride();
}

function withJobFlags(command: Command): Command {
  return command
    .option('--settings <FILE>', "your site's settings as JSON, names as below (absent: ~/.lola/slurm.json)")
    .option('--partition <P>', 'sinfo shows them')
    .option('--account <A>', 'whom it is charged to')
    .option('--time <T>', 'as 01:00:00 for an hour')
    .option('--cpus <N>', 'cores of each worker')
    .option('--memory <M>', "as 4G; 'none' to ask for none")
    .option('--constraint <C>', 'what nodes must have')
    .option('--name <NAME>', "the jobs' name")
    .option('--log-dir <DIR>', 'where logs go; made if it is not there (absent: lola-logs)')
    .option('--prologue <LINE...>', "shell lines before Node starts, as 'module load nodejs'")
    .option('--extra <DIRECTIVE...>', 'directives of your own, as --extra=--qos=short')
    .option('--skip <NAME...>', 'directives to leave out, as requeue')
    .option('--node <PATH>', 'the Node that jobs run');
}

/** The site's settings, and over them the flags. */
function settingsOf({
  settings,
  schedulerFile: _file,
  dryRun: _dry,
  workers: _workers,
  cpus,
  ...flags
}: JobFlags): JobSettings {
  const own = cpus === undefined ? flags : { ...flags, cpus: readCount('--cpus', cpus, 1) };
  return checkSettings({ ...readSettings(settings), ...own }, 'flags');
}

const fileOf = ({ schedulerFile }: JobFlags): string => schedulerFile ?? defaultSchedulerFile();

async function runUp(flags: JobFlags): Promise<void> {
  const count = readCount('--workers', flags.workers ?? '1', 1);
  const settings = settingsOf(flags);
  const file = fileOf(flags);
  if (flags.dryRun)
    return say(
      `# submitted ${count === 1 ? 'once' : `${count} times`}:\n${upScript(settings, file).trimEnd()}`,
    );
  const { addresses } = readSchedulerFile(file, warn);
  if (addresses.every((address) => /^(localhost|127\.|\[::1\])/.test(new URL(address).hostname))) {
    throw new InvalidArgumentError(
      `up: the scheduler listens on ${addresses.join(', ')}, which no other host can reach. Start it with: lola scheduler --host 0.0.0.0`,
    );
  }
  const jobs = await submitWorkers(count, settings, file);
  const { signal, release } = interruptible();
  try {
    await waitUntilJoined(jobs, settings, file, signal);
  } finally {
    release();
  }
}

/** Tells each change of each job until all have joined the scheduler, or one has ended. */
async function waitUntilJoined(
  jobs: readonly string[],
  settings: JobSettings,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const told = new Map<string, string>();
  const tell = (job: string, text: string) => {
    if (told.get(job) !== text) say(`job ${job}: ${text}`);
    told.set(job, text);
  };
  for (;;) {
    const joined = (await askStatus({ file }, warn)).workers.map(({ name }) => name);
    const waiting = jobs.filter((job) => !joined.some((name) => name.endsWith(`-${job}`)));
    for (const job of jobs) if (!waiting.includes(job)) tell(job, 'joined');
    if (waiting.length === 0) return;
    for (const state of await watchWorkers(waiting, settings)) {
      if (state.ending)
        throw new ConnectionError(
          `job ${state.job} ended before it joined: ${state.ending}. lola slurm doctor finds out why.`,
        );
      tell(state.job, describe(state));
    }
    await delay(ASK_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) {
      say('Stopped waiting. The jobs stay: lola slurm status shows them, lola slurm down ends them.');
      process.exitCode = EXIT.interrupted;
      return;
    }
  }
}

function describe(job: JobState): string {
  const { state, reason, node } = job;
  if (state === 'PENDING' && reason !== 'None') return `PENDING (${reason}): ${adviseOnReason(reason)}`;
  return isLive(job) && node !== '' ? `${state} on ${node}` : state;
}

async function runStatus(): Promise<void> {
  const jobs = await submittedWorkers();
  if (jobs.length === 0) return say('no workers. Submit some: lola slurm up --workers 2');
  say(
    table(
      ['job', 'state'],
      jobs.map((job) => [job.job, describe(job)]),
    ),
  );
}

async function runDown({ dryRun }: { readonly dryRun?: boolean }): Promise<void> {
  const jobs = dryRun ? (await submittedWorkers()).map(({ job }) => job) : await cancelWorkers();
  say(jobs.length === 0 ? 'no workers to end' : `${dryRun ? 'would end' : 'ended'}: ${jobs.join(', ')}`);
}

async function runDoctor(flags: JobFlags): Promise<void> {
  const settings = settingsOf(flags);
  if (flags.dryRun) return say(probeScript(settings, 'FOLDER').trimEnd());
  const { signal, release } = interruptible();
  try {
    const findings = await diagnose(settings, schedulerAddresses(flags), { signal, onReport: say });
    for (const { ok, text } of findings) say(`${ok ? '+ ok     ' : 'x problem'}  ${text}`);
    if (findings.some(({ ok }) => !ok)) process.exitCode = EXIT.failed;
  } finally {
    release();
  }
}

/** Those of a scheduler that is up; none where nobody named one and there is none. */
function schedulerAddresses({ schedulerFile }: JobFlags): readonly string[] {
  try {
    return readSchedulerFile(schedulerFile ?? defaultSchedulerFile(), warn).addresses;
  } catch (error) {
    if (schedulerFile === undefined && error instanceof ConnectionError) return [];
    throw error;
  }
}

async function runResume(directory: string): Promise<void> {
  const { signal, release } = interruptible();
  try {
    const { label, values } = await resumeSlurm(directory, { signal, onReport: warn });
    process.stdout.write(describeResult(label, values));
  } catch (error) {
    if (error instanceof EstimatorError && error.code === 'CANCELLED')
      say(`Stopped. lola slurm resume ${directory} goes on.`);
    throw error;
  } finally {
    release();
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
