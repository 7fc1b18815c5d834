import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { adviseOn, adviseOnReason, describeEnd, mayTryAgain } from '../../lib/slurm/advice.js';
import {
  SlurmError,
  coresOf,
  isAway,
  isRefusal,
  jobNamed,
  jobStates,
  jobsWithComment,
  sbatch,
  scancel,
} from '../../lib/slurm/commands.js';
import { isLive, parseSacct, parseScontrol } from '../../lib/slurm/job-state.js';
import { describeResult } from '../../lib/slurm/result.js';
import { submitWorkers, watchWorkers } from '../../lib/slurm/workers.js';
import { makeSite, type Answers } from '../support/slurm-site.js';

// What Slurm 22.05.8 printed.
const ENDED =
  'JobId=3 ArrayJobId=1 ArrayTaskId=1 ArrayTaskThrottle=2 JobName=it\'s a "name" JobState=COMPLETED UserId=root(0) GroupId=root(0) MCS_label=N/A Priority=4294901759 Nice=0 Account=(null) QOS=(null) JobState=FAILED Reason=NonZeroExitCode Dependency=(null) Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=3:0 RunTime=00:00:00 TimeLimit=00:10:00 NodeList=node1 BatchHost=node1 NumNodes=1 Command=/tmp/p.sh\n';
const WAITING =
  'JobId=4 ArrayJobId=4 ArrayTaskId=0-2,5%2 ArrayTaskThrottle=2 JobName=q.sh UserId=root(0) GroupId=root(0) JobState=PENDING Reason=PartitionTimeLimit Dependency=(null) ExitCode=0:0 ReqNodeList=(null) ExcNodeList=(null) NodeList= NumNodes=1\n';

describe('what Slurm prints', () => {
  test('scontrol: a name that looks like a field misleads nobody', () => {
    expect(parseScontrol(ENDED)).toEqual([
      {
        ...{ job: '1', element: 1, name: 'it\'s a "name" JobState=COMPLETED' },
        ...{ state: 'FAILED', reason: 'NonZeroExitCode', node: 'node1', exitCode: '3:0' },
      },
    ]);
  });

  test('scontrol: elements that wait share a line', () => {
    expect(parseScontrol(WAITING).map(({ element, state, node }) => [element, state, node])).toEqual(
      [0, 1, 2, 5].map((element) => [element, 'PENDING', '']),
    );
    expect(parseScontrol('No jobs in the system\n')).toEqual([]);
    // All elements have left this array, and were cancelled before they began: Slurm keeps the array alone.
    const [left] = parseScontrol(WAITING.replace('0-2,5%2', '4294967294').replace('PENDING', 'CANCELLED'));
    expect([left.job, left.element, left.state]).toEqual(['4', undefined, 'CANCELLED']);
  });

  test('sacct: single elements, waiting ones, who cancelled, and any name', () => {
    const printed =
      '12_0|COMPLETED|0:0|node1|a\n12_1|CANCELLED by 1000|0:15|node2|a\n12_[3-4,7%2]|PENDING|0:0|None assigned|a\n13|OUT_OF_MEMORY|0:125|node1|b|c d\n';
    const read = parseSacct(printed);
    expect(read.map(({ job, element, state, exitCode }) => [job, element, state, exitCode])).toEqual([
      ['12', 0, 'COMPLETED', '0:0'],
      ['12', 1, 'CANCELLED', '0:15'],
      ['12', 3, 'PENDING', '0:0'],
      ['12', 4, 'PENDING', '0:0'],
      ['12', 7, 'PENDING', '0:0'],
      ['13', undefined, 'OUT_OF_MEMORY', '0:125'],
    ]);
    expect(read.map(({ name }) => name)).toEqual(['a', 'a', 'a', 'a', 'a', 'b|c d']);
  });

  test('lines of another form are skipped', () => {
    const odd = 'slurm: warning, 3 nodes are down\n|||\n12\n12_[3-\n\n_|_\n12_0\n';
    for (const parse of [parseSacct, parseScontrol]) expect(parse(odd)).toEqual([]);
    expect(parseSacct(`${odd}12_0|COMPLETED|0:0|node1|a\n`)).toHaveLength(1);
    expect(parseScontrol(`${odd}${ENDED}`)).toHaveLength(1);
  });

  test('a list of elements that no array can have is cut short', () => {
    expect(parseSacct('12_[3-99999999]|PENDING|0:0||a\n').length).toBe(100_000 - 3);
    expect(parseScontrol(WAITING.replace('0-2,5%2', '0-99999999,0-99999999')).length).toBe(100_000);
  });

  test('a job that is requeued or completing is not over, nor one of which Slurm says what we do not know', () => {
    const live = (state: string) => isLive({ job: '1', state, reason: '', node: '' });
    const words = [
      'PENDING',
      'RUNNING',
      'COMPLETING',
      'REQUEUED',
      'SUSPENDED',
      'RESV_DEL_HOLD',
      'POWER_UP_NODE',
      'EXPEDITING',
    ];
    expect(words.map(live)).not.toContain(false);
    expect(
      ['COMPLETED', 'FAILED', 'TIMEOUT', 'OUT_OF_MEMORY', 'NODE_FAIL', 'PREEMPTED', 'CANCELLED'].map(live),
    ).not.toContain(true);
  });
});

describe('refusals', () => {
  test.each([
    [
      'sbatch: error: invalid partition specified: nosuch\nsbatch: error: Batch job submission failed: Invalid partition name specified',
      /sinfo shows the partitions/,
    ],
    [
      'sbatch: error: Memory specification can not be satisfied\nsbatch: error: Batch job submission failed: Requested node configuration is not available',
      /set 'memory'/,
    ],
    ['sbatch: error: Batch job submission failed: Invalid job array specification', /fewer elements/],
    [
      "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)",
      /A limit of your account/,
    ],
    ['sbatch: error: Batch job submission failed: Invalid qos specification', /sacctmgr show qos/],
    ['sbatch: error: Batch job submission failed: Invalid feature specification', /set 'constraint'/],
    ['sbatch: error: Batch job submission failed: Memory required by task is not available', /set 'memory'/],
    ['sbatch: error: Batch job submission failed: Requested time limit is invalid', /shorter 'time'/],
    ['slurm_load_jobs error: Unable to contact slurm controller (connect failure)', /does not answer/],
    ['sbatch: fatal: Could not establish a configuration source', /knows no Slurm cluster/],
  ])('%s gets its own advice', (stderr, words) => {
    expect(adviseOn('sbatch', 1, stderr)).toMatch(words);
  });

  test('munge, which vouches for a user, is away: its four lines are read to the last', () => {
    const failed = 'error: Munge encode failed: Failed to access "/run/munge/munge.socket.2": No such file';
    const lines = ['error: If munged is up, restart with --num-threads=10', failed];
    const stderr = `${lines.map((line) => `scontrol: ${line}\n`).join('')}scontrol: error: REQUEST_JOB_INFO has authentication error\nslurm_load_jobs error: Protocol authentication error\n`;
    expect(isAway(new SlurmError(adviseOn('scontrol', 1, stderr)))).toBe(true);
  });

  test.each([
    ['AssocMaxWallDurationPerJobLimit', /would wait for ever: set a shorter 'time'/],
    ['QOSMaxWallDurationPerJobLimit', /would wait for ever: set a shorter 'time'/],
    ['AssocMaxCpuPerJobLimit', /would wait for ever/],
    ['QOSMaxMemoryPerNode', /would wait for ever/],
    ['MaxMemPerLimit', /would wait for ever/],
    ['QOSMinCpuNotSatisfied', /would wait for ever/],
    ['QOSNotAllowed', /would wait for ever/],
    ['InvalidAccount', /would wait for ever/],
    ['AssocGrpCPUMinutesLimit', /hours are used up/],
    ['AssocGrpBillingMinutes', /hours are used up/],
    ['AssocGrpCPURunMinutesLimit', /when other jobs of yours end/],
    ['QOSMaxCpuPerUserLimit', /when other jobs of yours end/],
    ['MaxJobsPerAccount', /when other jobs of yours end/],
  ])('a job that waits for %s hears what helps', (reason, words) => {
    expect(adviseOnReason(reason)).toMatch(words);
  });

  test('a command that is not there', () => {
    expect(adviseOn('sbatch', 'ENOENT', '')).toMatch(/sbatch is not on the PATH/);
  });
});

describe('how an element ended', () => {
  const ended = (state: string, exitCode = '0:0') => ({
    job: '1',
    element: 0,
    state,
    exitCode,
    reason: 'None',
    node: 'node1',
  });

  test.each([
    ['NODE_FAIL', '0:0', true],
    ['PREEMPTED', '0:0', true],
    ['CANCELLED', '0:15', true],
    ['COMPLETED', '0:0', true],
    ['FAILED', '0:9', true],
    ['FAILED', '3:0', false],
    ['OUT_OF_MEMORY', '0:125', false],
  ])('%s with %s may be tried again: %s', (state, exitCode, again) => {
    expect(mayTryAgain(ended(state, exitCode), true)).toBe(again);
    expect(mayTryAgain(ended(state, exitCode), false)).toBe(again);
  });

  test('a time limit is worth another try only where the element got on', () => {
    expect(mayTryAgain(ended('TIMEOUT'), true)).toBe(true);
    expect(mayTryAgain(ended('TIMEOUT'), false)).toBe(false);
  });

  test('names state, node, code and the want of a log', () => {
    expect(describeEnd(ended('FAILED', '3:0'), '/no/such.log')).toBe(
      'FAILED, on node1, exit code 3, no log at /no/such.log',
    );
    expect(describeEnd(ended('OUT_OF_MEMORY', '0:125'), '/no/such.log')).toBe(
      'OUT_OF_MEMORY, on node1, signal 125, no log at /no/such.log',
    );
    expect(describeEnd(ended('FAILED', '0:53'), '/no/such.log')).toBe(
      'FAILED, on node1, signal 53 (the node could not open its log), no log at /no/such.log',
    );
  });
});

describe.skipIf(process.platform === 'win32')('programs of a site', () => {
  let parent: string, calls: (name: string) => string[];
  const site = (answers: Answers = {}) => {
    const made = makeSite(parent, answers);
    vi.stubEnv('PATH', made.path);
    calls = made.calls;
  };
  beforeEach(() => void (parent = mkdtempSync(join(tmpdir(), 'lola-site-'))));
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(parent, { recursive: true });
  });

  test.each([
    ['7'],
    ['7;cluster'],
    ['Submitted batch job 7'],
    ['Submitted batch job 7 on cluster main'],
    ['7\nYour project has 1234 core-hours left.'],
    ['  7\r\n'],
    ['sbatch: Submitted batch job 7'],
    ['2026\nSubmitted batch job 7'],
    ['7\n7;cluster'],
    ['Welcome to 2026!\nSubmitted batch job 7\nYour project has 1234 core-hours left.'],
  ])('a job’s number is known by its form: %j', async (printed) => {
    site({ sbatch: `cat <<'END'\n${printed}\nEND` });
    expect(await sbatch('script.sh', 'mine')).toBe('7');
  });

  test.each([
    ['Unexpected message received', true],
    ['Unable to contact slurm controller (connect failure)', true],
    ['Socket timed out on send/recv operation', true],
    ['Zero Bytes were transmitted or received', true],
    ['Message receive failure', true],
    ['Communication connection failure', true],
    ['Slurm backup controller in standby mode', true],
    ['Protocol authentication error', true], // the clock of a host is wrong, or its munged restarts
    ['Invalid partition name specified', false],
  ])('a controller that is too busy to answer is called so: %s', async (said, away) => {
    site({ sbatch: `echo 'sbatch: error: Batch job submission failed: ${said}' >&2; exit 1` });
    const failure = await sbatch('script.sh', 'mine').catch((error: unknown) => error);
    expect(isAway(failure)).toBe(away);
    expect((failure as SlurmError).message).toContain(said);
    expect(calls('sbatch')).toHaveLength(1);
  });

  test.each(['INT', 'HUP', 'KILL'])('a command that SIG%s ended is no silent controller', async (signal) => {
    site({ scontrol: `kill -${signal} $$` });
    const failure = await jobStates(['7'], 'mine').catch((error: unknown) => error as SlurmError);
    expect((failure as SlurmError).message).toBe(
      `scontrol was ended by SIG${signal}. Running jobs continue.`,
    );
    expect(isAway(failure)).toBe(true); // the next look may succeed
  });

  test('a command that may not be run is no silent controller: another try ends alike', async () => {
    site();
    for (const name of ['scontrol', 'scancel']) chmodSync(join(parent, 'bin', name), 0o600);
    vi.stubEnv('PATH', join(parent, 'bin'));
    const failure = await jobStates(['7'], 'mine').catch((error: unknown) => error as SlurmError);
    expect((failure as SlurmError).message).toMatch(
      /^scontrol cannot be started \(EACCES\)\..* ls -lL \$\(which scontrol\)/,
    );
    expect(isAway(failure)).toBe(false);
    await expect(scancel(['7'])).rejects.toThrow(/^scancel cannot be started .* scancel 7$/);
  });

  test.each(['EAGAIN', 'EMFILE', 'ENOMEM'])('a limit of this host passes: %s', (code) => {
    const failure = new SlurmError(adviseOn('sbatch', code, ''));
    expect(failure.message).toMatch(/^sbatch cannot be started \(.*ulimit -a/);
    expect([isAway(failure), isRefusal(failure)]).toEqual([true, false]);
  });

  test('an answer without a number is refused with its text', async () => {
    site({ sbatch: "echo 'Your project has 1234 core-hours left.'" });
    await expect(sbatch('script.sh', 'mine')).rejects.toThrow(SlurmError);
    await expect(sbatch('script.sh', 'mine')).rejects.toThrow(
      "names no job: 'Your project has 1234 core-hours left.'",
    );
  });

  test('of two numbers none is believed', async () => {
    site({ sbatch: "printf '2026\\n7\\n'" });
    await expect(sbatch('script.sh', 'mine')).rejects.toThrow(/names several jobs: '2026/);
  });

  test.each([
    ["sbatch: unrecognized option '--parsable'"],
    ["squeue: unrecognized option '--me'"],
    ["sbatch: invalid option -- 'p'"],
    ['error: Unknown option --parsable'],
  ])('a Slurm that is too old is called so: %s', async (said) => {
    site({ sbatch: `cat >&2 <<'END'\n${said}\nEND\nexit 1` });
    await expect(sbatch('script.sh', 'mine')).rejects.toThrow('too old: 20.02 or newer is needed');
  });

  test('a job is found by its name although the site prints numbers of its own', async () => {
    site({ squeue: "printf '2026\\njob=12\\n'" });
    expect(await jobNamed('lola-x-0')).toBe('12');
    site({ squeue: "printf '2026\\n'" });
    expect(await jobNamed('lola-x-0')).toBeUndefined();
  });

  test('a job that Slurm only has on record as refused is not there', async () => {
    site({ squeue: "echo 'job=12|FAILED|BadConstraints'" }); // as Slurm 22.05 keeps it
    expect(await jobNamed('lola-x-0')).toBeUndefined();
    site({ squeue: "echo 'job=12|FAILED|BadConstraints'; echo 'job=13|FAILED|NonZeroExitCode'" });
    expect(await jobNamed('lola-x-0')).toBe('13');
  });

  test.each([
    ['names no job', "echo 'Your project has 1234 core-hours left.'"],
    ['is an error, as after a time-out', "echo 'Socket timed out on send/recv operation' >&2; exit 1"],
    ['names two', "printf '2026\\n7\\n'"],
  ])('a worker whose answer %s is taken back all the same', async (_, last) => {
    const once = `if [ -e '${join(parent, 'second')}' ]; then ${last}; else touch '${join(parent, 'second')}'; echo 41; fi`;
    const comment = `$(grep -ho 'lola slurm up [0-9a-f]*' '${join(parent, 'logs')}'/worker-*.sh)`;
    site({
      sbatch: once,
      squeue: `echo "42|RUNNING|node1|None|${comment}"; echo '43|RUNNING|node1|None|lola slurm up 00000000'`,
    });
    await expect(submitWorkers(3, { logDir: join(parent, 'logs') }, 'scheduler.json')).rejects.toThrow(
      SlurmError,
    );
    expect(calls('sbatch')).toHaveLength(2);
    expect(calls('scancel')).toEqual(['41 42']);
  });

  test.each([
    ['Socket timed out on send/recv operation', ':'],
    ['Unable to contact slurm controller (connect failure)', "echo 'Socket timed out' >&2; exit 1"],
  ])('a job that Slurm may have taken unheard is spoken of: %s, squeue: %s', async (said, squeue) => {
    site({ sbatch: `echo 'sbatch: error: ${said}' >&2; exit 1`, squeue });
    const submitted = submitWorkers(1, { logDir: join(parent, 'logs') }, 'scheduler.json');
    await expect(submitted).rejects.toThrow(/ Slurm may have taken a job all the same: lola slurm status/);
  });

  test('two that submit at once, into one folder of logs, submit each its own', async () => {
    const own = `for word; do script=$word; done; grep -o '[ab][.]json' "$script" >> '${parent}/seen.calls'`;
    site({ sbatch: `${own}; echo 7` });
    const up = (file: string) => submitWorkers(2, { logDir: join(parent, 'logs') }, file);
    await Promise.all([up('a.json'), up('b.json')]);
    expect(calls('seen').sort()).toEqual(['a.json', 'a.json', 'b.json', 'b.json']);
  });

  test('a job that Slurm has refused is not', async () => {
    site({ sbatch: `echo 'sbatch: error: Invalid partition name specified' >&2; exit 1` });
    const submitted = submitWorkers(1, { logDir: join(parent, 'logs') }, 'scheduler.json');
    await expect(submitted).rejects.toThrow(/set 'partition'\.$/);
  });

  describe('workers whose submission a signal ends', () => {
    /** A site where the second sbatch goes on once the signal has come, and what is submitted there. */
    async function stopAtSecond(second: string, answers: Answers = {}): Promise<string[]> {
      const [one, reached, go] = ['one', 'reached', 'go'].map((name) => join(parent, name));
      const waits = `touch '${reached}'; until [ -e '${go}' ]; do sleep 0.05; done; ${second}`;
      site({ ...answers, sbatch: `if [ -e '${one}' ]; then ${waits}; else touch '${one}'; echo 41; fi` });
      const controller = new AbortController();
      const given = [3, { logDir: join(parent, 'logs') }, 'scheduler.json', controller.signal] as const;
      const submitted = submitWorkers(...given).catch((error: SlurmError) => [error.message]);
      await expect.poll(() => existsSync(reached)).toBe(true);
      controller.abort();
      writeFileSync(go, '');
      return submitted;
    }

    test.each([
      ['that Slurm took meanwhile', 'echo 42'],
      ['whose sbatch died of the same key', 'kill -INT $$'],
    ])('are taken back, also the one %s', async (_, second) => {
      const comment = `$(grep -ho 'lola slurm up [0-9a-f]*' '${join(parent, 'logs')}'/worker-*.sh)`;
      expect(await stopAtSecond(second, { squeue: `echo "42|PENDING||None|${comment}"` })).toEqual([]);
      expect(calls('sbatch')).toHaveLength(2);
      expect(calls('scancel')).toEqual(['41 42']);
    });

    test('are spoken of if Slurm does not say which it has taken', async () => {
      expect(await stopAtSecond('kill -INT $$', { squeue: 'exit 1' })).toEqual([
        expect.stringMatching(/^stopped\. Slurm may have taken a job all the same/),
      ]);
      expect(calls('scancel')).toEqual(['41']);
    });

    test('are named if Slurm does not cancel them', async () => {
      expect(await stopAtSecond('echo 42', { scancel: 'exit 1' })).toEqual([
        expect.stringMatching(/^stopped\. scancel refused.* To end these jobs: scancel 41 42$/),
      ]);
    });
  });

  test.each([
    ["echo 'scancel: error: Problem talking to database' >&2; exit 1", 'Problem talking to database'],
    [
      "echo 'scancel: error: Kill job error on job id 7: Invalid job id specified' >&2; echo 'scancel: error: Unable to contact slurm controller (connect failure)' >&2; exit 1",
      'does not answer',
    ],
    ['exit 1', 'refused'],
  ])('jobs that cannot be cancelled are named: %s', async (answer, words) => {
    site({ scancel: answer });
    await expect(scancel(['7', '8'])).rejects.toThrow(SlurmError);
    await expect(scancel(['7', '8'])).rejects.toThrow(words);
    await expect(scancel(['7', '8'])).rejects.toThrow('To end these jobs: scancel 7 8');
    site({
      scancel: answer,
      sbatch: `[ -e '${join(parent, 'one')}' ] && exit 1; touch '${join(parent, 'one')}'; echo 41`,
    });
    const failure = submitWorkers(2, { logDir: join(parent, 'logs') }, 'scheduler.json');
    await expect(failure).rejects.toThrow(/^sbatch refused.*To end these jobs: scancel 41$/);
  });

  test.each(['Invalid job id specified', 'Job/step already completing or completed'])(
    'a job that has ended already need not be cancelled: %s',
    async (said) => {
      site({ scancel: `echo 'scancel: error: Kill job error on job id 7: ${said}' >&2; exit 1` });
      await scancel(['7']);
      await scancel([]);
      expect(calls('scancel')).toEqual(['7']);
    },
  );

  test('what an outer job says of itself does not reach the jobs submitted from there', async () => {
    const outer = {
      SLURM_MEM_PER_NODE: '1',
      SLURM_CPUS_PER_TASK: '1',
      SLURMD_NODENAME: 'n',
      SLURM_RESTART_COUNT: '1',
      SQUEUE_PARTITION: 'other', // as -p: it hides the jobs of all others
      SQUEUE_STATES: 'RUNNING',
      SQUEUE_FORMAT: '%i',
      SACCT_FORMAT: 'JobID',
      SINFO_PARTITION: 'other',
      SCANCEL_STATE: 'PENDING', // it would end no job that runs
      SCANCEL_INTERACTIVE: '1',
      SBATCH_JOB_NAME: 'mine', // nobody would find the job again
      SBATCH_ARRAY_INX: '0-7',
      SBATCH_OUTPUT: 'x.log',
      SBATCH_ERROR: 'x.log',
      SBATCH_INPUT: 'x',
      SBATCH_OPEN_MODE: 'truncate',
      SBATCH_WAIT: '1',
    };
    for (const [name, value] of Object.entries(outer)) vi.stubEnv(name, value);
    vi.stubEnv('SLURM_CONF', '/etc/slurm.conf');
    vi.stubEnv('SBATCH_ACCOUNT', 'mine');
    site({
      sbatch: `env | grep -E '^S(LURM|BATCH|CANCEL|QUEUE|INFO|ACCT)' | sort > '${join(parent, 'seen.calls')}'; echo 7`,
    });
    await sbatch('script.sh', 'mine');
    expect(calls('seen')).toEqual(['SBATCH_ACCOUNT=mine', 'SLURM_CONF=/etc/slurm.conf']);
  });

  test.each([
    ["echo 'debug*|0/0/4/4'", "sinfo: no partition 'debug' is up here"],
    ['true', "sinfo: no partition 'debug' is up here"],
  ])('a partition of which no core is up is called so: %s', async (answer, words) => {
    site({ sinfo: answer });
    await expect(coresOf('debug')).rejects.toThrow(words);
  });

  test.each([
    [{ SBATCH_CLUSTERS: 'two' }, 'two'],
    [{ SLURM_CLUSTERS: 'two' }, 'two'],
    [{ SLURM_CLUSTERS: 'two', SBATCH_CLUSTERS: 'three' }, 'two'], // as sbatch itself decides
  ])('%j chooses the cluster of every command; sacct is told in words', async (chosen, cluster) => {
    for (const [name, value] of Object.entries(chosen)) vi.stubEnv(name, value);
    const told = `echo "$(basename "$0") $SLURM_CLUSTERS$SBATCH_CLUSTERS" >> '${join(parent, 'seen.calls')}'`;
    site({
      ...{ squeue: told, scancel: told, sbatch: `${told}; echo '7;two'` },
      sinfo: `${told}; echo 'debug*|0/4/0/4'`,
      scontrol: `${told}; echo 'Invalid job id specified' >&2; exit 1`,
    });
    expect(await sbatch('script.sh', 'mine')).toBe('7');
    await coresOf();
    await jobNamed('mine');
    await scancel(['7']);
    expect(await jobStates(['7'], 'mine')).toEqual([]);
    const all = ['sbatch', 'sinfo', 'squeue', 'scancel', 'scontrol'];
    expect(calls('seen')).toEqual(all.map((name) => `${name} ${cluster}`));
    expect(calls('sacct')).toEqual([expect.stringContaining(`-M ${cluster} -j 7 `)]);
  });

  test('several clusters at once are refused with a remedy', () => {
    const said = 'scontrol: error: Only one cluster can be used at a time with scontrol';
    expect(adviseOn('scontrol', 1, said)).toMatch(/Set SLURM_CLUSTERS to one of them\.$/);
  });

  test('a job that the controller has forgotten is looked up in the accounts; one that nobody knows has no state', async () => {
    site({
      scontrol: "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1",
      sacct: `case "$*" in *'-j 7 '*) echo '7_0|TIMEOUT|0:0|node1|mine' ;; esac`,
    });
    expect(await jobStates(['7', '8'], 'mine')).toEqual([
      { job: '7', element: 0, name: 'mine', state: 'TIMEOUT', reason: '', exitCode: '0:0', node: 'node1' },
    ]);
    expect(calls('sacct')[0]).not.toContain('-M');
  });

  test('elements that the controller has forgotten while others run are looked up in the accounts', async () => {
    site({
      scontrol:
        'echo "JobId=9 ArrayJobId=7 ArrayTaskId=1 JobName=mine UserId=u(1) JobState=RUNNING Reason=None ExitCode=0:0 NodeList=node1"',
      sacct: "printf '7_0|OUT_OF_MEMORY|0:125|node1|mine\\n7_1|PENDING|0:0||mine\\n'",
    });
    const states = async (...wanted: number[]) =>
      new Map((await jobStates(['7'], 'mine', wanted)).map(({ element, state }) => [element, state]));
    expect(await states(1)).toEqual(new Map([[1, 'RUNNING']]));
    expect(calls('sacct')).toEqual([]);
    expect(await states(0, 1)).toEqual(new Map([[0, 'OUT_OF_MEMORY'], [1, 'RUNNING']])); // prettier-ignore
  });

  test.each(['RUNNING', 'PENDING', 'COMPLETING'])(
    'accounts that have missed the end of a job are not believed: %s',
    async (state) => {
      const scontrol = "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1";
      site({ scontrol, sacct: `echo '7|${state}|0:0|node1|mine'` });
      expect(await jobStates(['7'], 'mine')).toEqual([]);
    },
  );

  describe('a number that is another job’s by now', () => {
    const theirs = `echo 'JobId=7 JobName=theirs UserId=u(1) JobState=FAILED Reason=None ExitCode=1:0 NodeList=node1'`;

    test('says nothing of ours: the accounts are asked, and believed by name', async () => {
      site({ scontrol: theirs, sacct: "echo '7|TIMEOUT|0:0|node1|mine'" });
      expect(await jobStates(['7'], 'mine')).toMatchObject([{ job: '7', state: 'TIMEOUT' }]);
      site({ scontrol: theirs, sacct: "echo '7|OUT_OF_MEMORY|0:125|node9|theirs'" });
      expect(await jobStates(['7'], 'mine')).toEqual([]);
      expect(await jobStates(['7'], 'their')).toEqual([]);
      expect(await jobStates(['7'], 'theirs')).toMatchObject([{ job: '7', state: 'FAILED' }]);
    });

    test('is no worker of ours: ours is gone', async () => {
      site({ scontrol: theirs });
      expect(await watchWorkers(['7'], {})).toEqual([
        expect.objectContaining({ job: '7', ending: expect.stringMatching(/^GONE from Slurm/) as string }),
      ]);
    });
  });

  test('a job has the name that we know it by, whatever its directives say', async () => {
    site();
    await sbatch('script.sh', 'a name');
    expect(calls('sbatch')).toEqual(['--parsable --job-name=a name script.sh']);
  });

  test.each([[''], ['Welcome to 2026!'], ['slurm: maintenance tonight']])(
    'nothing is concluded from an answer without the job: %j',
    async (printed) => {
      site({ scontrol: `echo '${printed}'` });
      await expect(jobStates(['7'], 'mine')).rejects.toThrow(/says nothing about job 7/);
      expect(calls('sacct')).toEqual([]);
    },
  );

  test('nothing is concluded from a controller that does not answer', async () => {
    site({ scontrol: "echo 'Unable to contact slurm controller (connect failure)' >&2; exit 1" });
    await expect(jobStates(['7'], 'mine')).rejects.toThrow(/does not answer/);
    expect(calls('sacct')).toEqual([]);
  });

  test('jobs with a comment are those with exactly this one; lines of another form are skipped', async () => {
    const lines = ['7|RUNNING|node1|None|lola slurm up', '8|RUNNING|node1|None|not lola slurm up'];
    const odd = ['', '|||', 'warning', '9|RUNNING', '4|PENDING||Priority|lola slurm up'];
    site({ squeue: `cat <<'END'\n${[...lines, ...odd].join('\n')}\nEND` });
    expect(await jobsWithComment('lola slurm up')).toEqual([
      { job: '7', state: 'RUNNING', node: 'node1', reason: 'None' },
      { job: '4', state: 'PENDING', node: '', reason: 'Priority' },
    ]);
  });
});

describe('a result in words', () => {
  const label = { samples: 4, seed: 2017 };

  test('is pi if the label is an estimate’s, and the values if there is none', () => {
    expect(describeResult(label, [1, 2])).toMatch(
      /^pi is 3\.000000 from 4 samples, seed 2017: 3 of them inside\n/,
    );
    expect(describeResult(null, [1, null])).toBe('[1,null]\n');
  });

  test('values that are no counts make no pi', () => {
    expect(() => describeResult(label, [1, null])).toThrow('the result of task 1 is not a count');
  });
});
