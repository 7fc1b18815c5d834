import { describe, expect, test } from 'vitest';
import { adviseOn } from '../../lib/slurm/commands.js';
import { isLive, parseSacct, parseScontrol, parseSqueue } from '../../lib/slurm/job-state.js';
import { describeEnd, mayTryAgain } from '../../lib/slurm/ending.js';

// What Slurm 22.05.8 printed.
const SQUEUE = `4|5|0|COMPLETED|node1|None|it's a "na|me"
4|4|1|PENDING||PartitionTimeLimit|q.sh
7|7|N/A|FAILED|node1|NonZeroExitCode|solo
`;
const ENDED =
  'JobId=3 ArrayJobId=1 ArrayTaskId=1 ArrayTaskThrottle=2 JobName=it\'s a "name" JobState=COMPLETED UserId=root(0) GroupId=root(0) MCS_label=N/A Priority=4294901759 Nice=0 Account=(null) QOS=(null) JobState=FAILED Reason=NonZeroExitCode Dependency=(null) Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=3:0 RunTime=00:00:00 TimeLimit=00:10:00 NodeList=node1 BatchHost=node1 NumNodes=1 Command=/tmp/p.sh\n';
const WAITING =
  'JobId=4 ArrayJobId=4 ArrayTaskId=0-2,5%2 ArrayTaskThrottle=2 JobName=q.sh UserId=root(0) GroupId=root(0) JobState=PENDING Reason=PartitionTimeLimit Dependency=(null) ExitCode=0:0 ReqNodeList=(null) ExcNodeList=(null) NodeList= NumNodes=1\n';

describe('what Slurm prints', () => {
  test('squeue: elements under their array, single jobs under their own number, any name', () => {
    expect(parseSqueue(SQUEUE)).toEqual([
      { job: '4', element: 0, state: 'COMPLETED', reason: 'None', node: 'node1' },
      { job: '4', element: 1, state: 'PENDING', reason: 'PartitionTimeLimit', node: '' },
      { job: '7', state: 'FAILED', reason: 'NonZeroExitCode', node: 'node1' },
    ]);
    expect(parseSqueue('')).toEqual([]);
  });

  test('scontrol: a name that looks like a field misleads nobody', () => {
    expect(parseScontrol(ENDED)).toEqual([
      { job: '1', element: 1, state: 'FAILED', reason: 'NonZeroExitCode', node: 'node1', exitCode: '3:0' },
    ]);
  });

  test('scontrol: elements that wait share a line', () => {
    expect(parseScontrol(WAITING).map(({ element, state, node }) => [element, state, node])).toEqual(
      [0, 1, 2, 5].map((element) => [element, 'PENDING', '']),
    );
    expect(parseScontrol('No jobs in the system\n')).toEqual([]);
  });

  test('sacct: single elements, waiting ones, and who cancelled', () => {
    const printed =
      '12_0|COMPLETED|0:0|node1\n12_1|CANCELLED by 1000|0:15|node2\n12_[3-4,7%2]|PENDING|0:0|None assigned\n13|OUT_OF_MEMORY|0:125|node1\n';
    expect(
      parseSacct(printed).map(({ job, element, state, exitCode }) => [job, element, state, exitCode]),
    ).toEqual([
      ['12', 0, 'COMPLETED', '0:0'],
      ['12', 1, 'CANCELLED', '0:15'],
      ['12', 3, 'PENDING', '0:0'],
      ['12', 4, 'PENDING', '0:0'],
      ['12', 7, 'PENDING', '0:0'],
      ['13', undefined, 'OUT_OF_MEMORY', '0:125'],
    ]);
  });

  test('a job that is requeued or completing is not over', () => {
    const live = (state: string) => isLive({ job: '1', state, reason: '', node: '' });
    expect(['PENDING', 'RUNNING', 'COMPLETING', 'REQUEUED', 'SUSPENDED'].map(live)).not.toContain(false);
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
    ['slurm_load_jobs error: Unable to contact slurm controller (connect failure)', /does not answer/],
    ['sbatch: fatal: Could not establish a configuration source', /knows no Slurm cluster/],
  ])('%s gets its own advice', (stderr, words) => {
    expect(adviseOn('sbatch', 1, stderr)).toMatch(words);
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
  });
});
