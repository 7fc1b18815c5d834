// Whatever settings, commands, files and people say: a named error, in bounded time. LOLA_MUTATIONS=200000 tries more.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { Command, CommanderError } from 'commander';
import { afterAll, describe, expect, test } from 'vitest';
import { EstimatorError } from '../../lib/errors.js';
import {
  coresOf,
  jobNamed,
  jobStates,
  jobsWithComment,
  maxArraySize,
  partitions,
  sbatch,
} from '../../lib/slurm/commands.js';
import { lintScript } from '../../lesson/slurm/lint.js';
import { parseSacct, parseScontrol, type JobState } from '../../lib/slurm/job-state.js';
import { render } from '../../lib/slurm/render.js';
import { describeResult } from '../../lib/slurm/result.js';
import { checkSettings } from '../../lib/slurm/settings.js';
import { addBoard } from '../../tools/cli/board.js';
import { addDashboard } from '../../tools/cli/dashboard.js';
import { readLine } from '../../tools/cli/race-line.js';
import { addPi } from '../../tools/cli/pi.js';
import { addRace, addStart } from '../../tools/cli/race.js';
import { addScheduler } from '../../tools/cli/scheduler.js';
import { addSlurm } from '../../tools/cli/slurm.js';
import { addStatus } from '../../tools/cli/status.js';
import { addWorker } from '../../tools/cli/worker.js';
import { boardTables, entryOf } from '../../tools/measure/board.js';
import { findingsOf, tableOfRace } from '../../tools/measure/race.js';
import { readRace } from '../../tools/measure/race-file.js';
import { REFUSED, SCRIPTS, TAKEN, withDirective } from '../support/directives.js';
import { MUTATIONS, mutatedJson, mutations, onlyNamedErrors, randomOf } from '../support/mutate.js';

const seed = Date.now() % 2 ** 31;
const folder = mkdtempSync(join(tmpdir(), 'lola-mutated-'));
afterAll(() => rmSync(folder, { recursive: true }));

const claim = (texts: readonly string[], act: (input: string) => unknown) =>
  onlyNamedErrors(mutations(texts, MUTATIONS, seed), act, seed);
const claimOfJson = (values: readonly unknown[], act: (input: string) => unknown) =>
  onlyNamedErrors(
    mutatedJson(
      values.map((one) => JSON.stringify(one)),
      MUTATIONS,
      seed,
    ),
    act,
    seed,
  );

/** A state has the job's number, a word, and an element that an array can have. */
const isState = ({ job, state, element = 0 }: JobState) =>
  /^\d+$/.test(job) && typeof state === 'string' && element < 100_000;

/** JSON that cannot be read is another matter, which each reader has a test for. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

describe(`${MUTATIONS} mutations`, { timeout: 3_600_000 }, () => {
  test('of settings, and what is rendered from those that pass', () => {
    const settings = [
      { partition: 'short', account: 'a', constraint: 'x&y', time: '01:00:00', cpus: 2, memory: '4G' },
      { name: 'pi', logDir: '~/logs', prologue: ['module load nodejs'], extra: ['--qos=short'] },
      { skip: ['requeue'], node: '/opt/node', time: '1-0' },
    ];
    return claimOfJson(settings, (text) => {
      const script = render('worker', checkSettings(parsed(text), 'settings'), {
        lola: [text.replaceAll('\0', '')],
      });
      expect(script.startsWith('#!/usr/bin/env bash\n')).toBe(true);
    });
  });

  test('of what scontrol and sacct print', () => {
    const printed = [
      'JobId=3 ArrayJobId=1 ArrayTaskId=1 JobName=x UserId=root(0) JobState=FAILED Reason=NonZeroExitCode ExitCode=3:0 NodeList=node1 BatchHost=node1\n',
      'JobId=4 ArrayJobId=4 ArrayTaskId=0-2,5%2 JobName=q.sh UserId=root(0) JobState=PENDING Reason=PartitionTimeLimit ExitCode=0:0 NodeList= NumNodes=1\n',
      '12_0|COMPLETED|0:0|node1\n12_1|CANCELLED by 1000|0:15|node2\n12_[3-4,7%2]|PENDING|0:0|None assigned\n13|OUT_OF_MEMORY|0:125|node1\n',
    ];
    return claim(printed, (text) => {
      for (const parse of [parseSacct, parseScontrol]) expect(parse(text).every(isState)).toBe(true);
    });
  });

  test('of what sbatch, squeue, scontrol and sinfo print when lola calls them', async () => {
    const printed = [
      '7\n',
      '7;cluster\n',
      'Your project has 1234 core-hours left.\nSubmitted batch job 7\n',
      'job=7\n',
      '7|RUNNING|node1|None|lola ws://node1:8786\n8|PENDING||Priority|lola\n9|PENDING|(null)|Dependency|a|b\n',
      'JobId=9 ArrayJobId=7 ArrayTaskId=1 JobName=x UserId=u(1) JobState=RUNNING Reason=None ExitCode=0:0 NodeList=node1\n',
      'MaxArraySize            = 1001\nMaxJobCount = 10000\n',
      'debug*|0/4/0/4\nlong|12/4/0/16\n',
      'debug\nlong\n',
      'slurm_load_jobs error: Invalid job id specified\n',
    ];
    const codes = [0, 0, 0, 1, 'ENOENT', 'killed', 127];
    const random = randomOf(seed);
    let answer: [code: unknown, stdout: string, stderr: string] = [0, '', ''];
    const program = createRequire(import.meta.url)('node:child_process') as { execFile: unknown };
    const { execFile } = program;
    program.execFile = (...[, , , then]: [unknown, unknown, unknown, (...words: unknown[]) => void]) =>
      then(
        answer[0] === 0 ? null : Object.assign(new Error('refused'), { code: answer[0] }),
        ...answer.slice(1),
      );
    syncBuiltinESMExports();
    const isJob = (job: unknown) => job === undefined || /^\d+$/.test(job as string);
    const asks: (() => Promise<unknown>)[] = [
      async () => expect(await sbatch('x.sh', 'x')).toMatch(/^\d+$/),
      async () => expect(await jobNamed('x')).toSatisfy(isJob),
      async () => expect((await jobsWithComment('lola')).every(isState)).toBe(true),
      async () => expect((await jobStates(['7'], 'x')).every(isState)).toBe(true),
      async () => expect(await maxArraySize()).toBeLessThanOrEqual(100_000),
      async () => expect(await partitions()).not.toContain(''),
      async () => expect(await coresOf('debug')).toBeGreaterThanOrEqual(0),
    ];
    try {
      await claim(printed, async (text) => {
        const code = codes[Math.floor(random() * codes.length)];
        answer = code === 0 ? [0, text, ''] : [code, '', text];
        await asks[Math.floor(random() * asks.length)]();
      });
    } finally {
      program.execFile = execFile;
      syncBuiltinESMExports();
    }
  });

  test('of job scripts', () => {
    const scripts = [
      ...TAKEN.map(withDirective),
      ...REFUSED.map(withDirective),
      ...SCRIPTS.map(([, , text]) => text),
    ];
    return claim(scripts, (script) => {
      for (const { line, message } of lintScript(script)) {
        expect(line).toBeGreaterThan(0);
        expect(message).not.toBe('');
      }
    });
  });

  test('of race files, and the tables of those that pass', () => {
    const machine = {
      node: '20',
      platform: 'linux',
      arch: 'x64',
      cpu: 'c',
      coresSeen: 2,
      coresAllotted: 2,
      memoryBytes: 1,
      memoryAllottedBytes: 1,
    };
    const run = { stage: 'pool', workers: 2, samples: 10, cold: true, seconds: 1, inside: 7, kernel: 'simd' };
    const race = {
      format: 'lolas-pi.race.1',
      nickname: 'a',
      prediction: 1.5,
      machine,
      seed: 1,
      repeats: 1,
      interrupted: false,
    };
    const runs = [
      run,
      { ...run, cold: false },
      { ...run, stage: 'serial', workers: 1, cold: false, startupSeconds: 1 },
    ];
    const file = join(folder, 'race.json');
    return claimOfJson(
      [
        {
          ...race,
          runs,
          notMeasured: [{ stage: 'x', reason: 'r' }],
          memory: [{ stage: 'pool', workers: 2, peakBytes: 5 }],
        },
      ],
      (text) => {
        writeFileSync(file, text);
        const result = readRace(file);
        boardTables([result, result].map(entryOf));
        tableOfRace(result);
        findingsOf(result, true);
      },
    );
  });

  test('of lines of races', () => {
    const line = 'lola race 1 | a | c | 4 cores | 9 samples | predicted 3 | pool | 4 workers 3 (2..4) | end';
    return claim([line, `b: ${line}`], (text) => boardTables([readLine(text)]));
  });

  test('of results', () => {
    const results = [
      [{ samples: 4, seed: 1 }, [1, 2]],
      [null, [1, null]],
      [{ samples: 0 }, []],
    ];
    return claimOfJson(results, (text) => {
      const given = parsed(text);
      if (Array.isArray(given) && Array.isArray(given[1]))
        describeResult(given[0] as never, given[1] as never);
    });
  });

  test('of command lines', () => {
    const lines = [
      'pi --stage pool --samples 1e6 --workers 2 --seed x --json --kernel simd --report r.html --dashboard --dashboard-port 0',
      'race --stages serial,pool --sweep 1e4..1e6 --workers 1,2 --repeats 2 --nickname me --predict 1.8 --json f',
      'start --samples 1e6',
      'board a.json b.json --report x',
      'scheduler --host 0.0.0.0 --port 0 --heartbeat 500 --no-dashboard',
      'worker ws://127.0.0.1:1 --threads 2 --death-timeout 5 --tasks a.mjs',
      'status --json --scheduler ws://x:1',
      'dashboard',
      'slurm up --workers 2 --time 01:00:00 --cpus 2 --extra=--qos=a --prologue x --skip requeue',
      'slurm resume runs/x',
    ];
    return claim(lines, (line) => {
      const program = new Command('lola').configureOutput({ writeOut: () => {}, writeErr: () => {} });
      for (const add of [
        addPi,
        addRace,
        addStart,
        addBoard,
        addScheduler,
        addWorker,
        addStatus,
        addDashboard,
        addSlurm,
      ])
        add(program);
      const commands = [
        program,
        ...program.commands,
        ...program.commands.flatMap((command) => command.commands),
      ];
      for (const command of commands) {
        command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
        if (command.commands.length === 0) command.action(() => {});
      }
      try {
        program.parse(line.split(' '), { from: 'user' });
      } catch (error) {
        if (!(error instanceof CommanderError) && !(error instanceof EstimatorError)) throw error;
      }
    });
  });
});
