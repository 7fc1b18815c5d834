import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { boardCharts, boardPage, raceCharts, racePage } from '../../../tools/cli/race-page.js';
import { InvalidArgumentError } from '../../../lib/errors.js';
import { readText } from '../../../lib/cores.mjs';
import { describeMachine } from '../../../lib/machine.js';
import { boardTables, entryOf } from '../../../tools/measure/board.js';
import {
  disagreements,
  findingsOf,
  progressionOf,
  racersOf,
  roundSamples,
  rowsOf,
  speedUpsOf,
  tableOfRace,
} from '../../../tools/measure/race.js';
import { readRace, type RaceResult, type RaceRun } from '../../../tools/measure/race-file.js';
import { machineLine } from '../../../tools/measure/text.js';
import { countInside } from '../../../lib/sampling/kernel.js';
import { keyOfSeed } from '../../../lib/sampling/seed.js';
import { isAlive, until } from '../../support/cluster.js';
import { lolaHere } from '../../support/lola-here.mjs';

const run = (stage: string, workers: number, seconds: number, more: Partial<RaceRun> = {}): RaceRun => ({
  stage,
  workers,
  samples: 1000,
  cold: false,
  seconds,
  cpuSeconds: 1,
  inside: 785,
  kernel: 'simd',
  ...more,
});
const raced = (runs: RaceRun[], more: Partial<RaceResult> = {}): RaceResult => ({
  format: 'lolas-pi.race.1',
  machine: { ...describeMachine(), coresAllotted: 4 },
  seed: 2017,
  repeats: 3,
  interrupted: false,
  runs,
  notMeasured: [],
  memory: [],
  ...more,
});
const four = raced(
  [
    run('serial', 1, 9, { cold: true, startupSeconds: 0.5 }),
    ...[2, 1, 3].map((seconds) => run('serial', 1, seconds)),
    ...[2.1, 2, 2.2].map((seconds) => run('pool', 1, seconds)),
    ...[1.1, 1, 1.2].map((seconds) => run('pool', 2, seconds)),
    ...[0.5, 0.4, 0.6].map((seconds) => run('pool', 4, seconds)),
  ],
  { memory: [{ stage: 'pool', workers: 4, peakBytes: 2 ** 26 }] },
);

describe('what a race says', () => {
  test('cold and warm are apart; speed-ups are of medians against serial, with the range of the runs', () => {
    const [serial, , , pool] = rowsOf(four);
    expect(serial).toMatchObject({
      seconds: { median: 2, low: 1, high: 3 },
      cold: { seconds: 9 },
      speedUp: { median: 1 },
    });
    expect(pool).toMatchObject({
      stage: 'pool',
      workers: 4,
      cold: undefined,
      peakBytes: 2 ** 26,
      speedUp: { median: 4, low: 2 / 0.6, high: 5 },
      efficiency: { median: 1 },
    });
  });

  test('without serial, one worker of the same stage is what others are measured against', () => {
    const { pool } = speedUpsOf(raced(four.runs.filter(({ stage }) => stage === 'pool')));
    expect(pool.map(({ workers, speedUp }) => [workers, speedUp.median])).toEqual([
      [1, 1],
      [2, 2.1 / 1.1],
      [4, 2.1 / 0.5],
    ]);
  });

  test('a stage without anything to compare with has no speed-up', () => {
    expect(rowsOf(raced([run('pool', 2, 1)]))[0].speedUp).toBeUndefined();
    expect(tableOfRace(raced([run('pool', 2, 1)]))[1]).toContain('-');
  });

  test('stages that count differently are found and said', () => {
    const wrong = raced([...four.runs, run('chunked', 2, 1, { inside: 786 })]);
    expect([disagreements(four), disagreements(wrong)]).toEqual([[], [1000]]);
    expect(findingsOf(wrong)[0]).toContain('The stages do not agree at 1000 samples');
  });

  test('more workers than cores are not raced, and one core is no failure', () => {
    const { racers, notMeasured } = racersOf(['serial', 'pool'], [1, 2, 4], 1);
    expect(racers).toEqual([
      { stage: 'serial', workers: 1 },
      { stage: 'pool', workers: 1 },
    ]);
    expect(notMeasured.map(({ workers, reason }) => [workers, reason])).toEqual(
      [2, 4].map((workers) => [workers, 'not measurable here: this process may use 1 core']),
    );
    const alone = raced([run('pool', 1, 1)], { notMeasured });
    expect(findingsOf(alone)[0]).toBe(
      'pool with 2 workers: not measurable here: this process may use 1 core.',
    );
    expect(raceCharts(alone)).toEqual([]);
  });

  test('on one core no speed-up is given, not even 1, and that is said', () => {
    const { racers, notMeasured } = racersOf(['serial', 'pool'], [1], 1);
    expect(racers).toHaveLength(2);
    expect(notMeasured).toEqual([
      { reason: 'speed-ups are not measurable here: this process may use 1 core' },
    ]);
    const runs = [run('serial', 1, 1), run('pool', 1, 2)];
    const one = raced(runs, { notMeasured, machine: { ...describeMachine(), coresAllotted: 1 } });
    expect(rowsOf(one).map(({ speedUp, efficiency }) => [speedUp, efficiency])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
    expect(progressionOf(one).map((row) => row.at(-1))).toEqual(['speed-up', '-', '-']);
    expect(findingsOf(one)).toEqual([
      'speed-ups are not measurable here: this process may use 1 core.',
      'One integer at every stage.',
    ]);
  });

  test("the progression has each stage's count, pi with its error, median time and speed-up", () => {
    expect(progressionOf(four)).toEqual([
      ['stage', 'workers', 'samples', 'inside', 'pi', 'standard error', 'seconds', 'speed-up'],
      ['serial', '1', '1000', '785', '3.1400000', '5.2e-2', '2.00', '1.00'],
      ['pool', '1', '1000', '785', '3.1400000', '5.2e-2', '2.10', '0.95'],
      ['pool', '2', '1000', '785', '3.1400000', '5.2e-2', '1.10', '1.82'],
      ['pool', '4', '1000', '785', '3.1400000', '5.2e-2', '0.500', '4.00'],
    ]);
    const stopped = raced([run('serial', 1, 9, { cold: true })], { interrupted: true });
    expect(progressionOf(stopped)[1].slice(-2)).toEqual(['9.00', '-']);
    expect(tableOfRace(stopped)[1]).toEqual(['serial', '1', '1000', '9', '-', '-', '-', '-', '-']);
  });

  test('the line of a machine counts memory as the doctor does', () => {
    const machine = { ...describeMachine(), cpu: 'a CPU', coresAllotted: 2, coresSeen: 4, node: '20.0.0' };
    const line = machineLine({ ...machine, memoryAllottedBytes: 8 * 2 ** 30, platform: 'linux' });
    expect(line).toBe('a CPU, 2 of 4 cores allotted, 8.0 GiB, Node 20.0.0 on linux');
  });

  test('why no serial part can be fitted is said once for all stages', () => {
    const text = findingsOf(raced([run('serial', 1, 2), run('pool', 2, 1), run('chunked', 2, 1.25)]));
    expect(text.slice(1, 3)).toEqual([
      'pool: Karp-Flatt at 2 workers 0.0 %, overhead included.',
      'chunked: Karp-Flatt at 2 workers 25.0 %, overhead included.',
    ]);
    expect(text.filter((line) => line.includes('no fit'))).toHaveLength(1);
  });

  test('a stage that is slower than serial has no serial part, and no share above 100 % is printed', () => {
    const tiny = raced([run('serial', 1, 2), run('pool', 2, 35), run('chunked', 2, 2)]);
    expect(findingsOf(tiny).slice(1, 3)).toEqual([
      'pool: with 2 workers slower than with one (speed-up 0.0571): the overhead was larger than the gain, so there is no serial part to compute.',
      'chunked: Karp-Flatt at 2 workers 100.0 %, overhead included.',
    ]);
  });

  test('the charts are those that the runs can fill, and the page needs nothing from elsewhere', () => {
    expect(raceCharts(four).map(({ title }) => title.split(':')[0])).toEqual(['Speed-up', 'Efficiency']);
    const sweep = raced([
      ...four.runs,
      ...four.runs.map((each) => ({ ...each, samples: 10_000, inside: 7854 })),
    ]);
    expect(raceCharts(sweep)).toHaveLength(4);
    const page = racePage(sweep, true);
    expect(page.match(/<img alt="[^"]+"/g)).toHaveLength(4);
    const board = boardPage([entryOf(raced(sweep.runs, { nickname: '<b> & c' }))]);
    expect(board).toContain('<th scope="row">&lt;b&gt; &amp; c</th>');
    for (const each of [page, board]) expect(each).not.toMatch(/<script|<b>|(src|href)="(?!data:)/);
  });

  test('the number of samples is a round one', () => {
    expect([7.3e8, 4.9e6, 1.99e3, 1, 0.2].map(roundSamples)).toEqual([5e8, 2e6, 1e3, 1, 1]);
  });
});

describe('the file of a race', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lola-file-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const read = (value: unknown, mark = '') => {
    writeFileSync(join(folder, 'race.json'), `${mark}${JSON.stringify(value)}`);
    return readRace(join(folder, 'race.json'));
  };

  test('is read as it was written', () => {
    const { coreLimits, memoryLimits, ...machine } = describeMachine();
    expect([coreLimits, memoryLimits].every(Array.isArray)).toBe(true); // a race keeps neither
    const told: RaceResult = {
      ...four,
      machine,
      nickname: 'ada',
      prediction: 1.5,
      notMeasured: [{ reason: 'no' }],
    };
    for (const mark of ['', '\uFEFF']) expect(read(told, mark)).toEqual(JSON.parse(JSON.stringify(told))); // as Windows writes
  });

  test.each([
    [{ ...four, host: 'node7' }, 'host must be no such field, got "host"'],
    [{ ...four, format: 'x' }, 'format must be "lolas-pi.race.1", got "x"'],
    [{ ...four, runs: [{ ...four.runs[0], seconds: 0 }] }, 'runs.0.seconds must be >0, got 0'],
    [
      { ...four, runs: [{ ...four.runs[0], kernel: 'gpu' }] },
      'runs.0.kernel must be ("reference" | "simd"), got "gpu"',
    ],
    [{ ...four, runs: 5 }, 'runs must be Array, got 5'],
    [{ ...four, repeats: 0.5 }, 'repeats must be '],
    [{ ...four, repeats: 0 }, 'repeats must be >=1, got 0'],
    [{ ...four, nickname: 'n'.repeat(41) }, 'nickname must be <=40, got 41'],
    [{ ...four, machine: {} }, 'machine.node must be "node", got undefined'],
    [null, 'the file must be Object, got null'],
  ])('%# is refused: the field, what belongs there and what was given', (value, said) => {
    expect(() => read(value)).toThrow(InvalidArgumentError);
    expect(() => read(value)).toThrow(`race.json is not the result of a race: ${said}`);
  });
});

describe('the board', () => {
  const one = raced(four.runs, { nickname: 'ada', prediction: 3.5 });
  test('shows prediction and best speed-up by nickname; two of one name stay two, and one core is no failure', () => {
    const alone = raced([run('pool', 1, 1)], { nickname: 'bob' });
    const rows = boardTables([one, { ...one, prediction: undefined }, alone].map(entryOf)).flat();
    expect(rows.slice(1).map(([name, , cores, , ...rest]) => [name, cores, ...rest])).toEqual([
      ['ada', '4', '3.5', '4', 'pool, 4'],
      ['ada 2', '4', '-', '4', 'pool, 4'],
      ['bob', '4', '-', 'not measurable there', '-'],
    ]);
  });

  test('draws everybody who has something to draw', () => {
    expect(
      boardCharts([entryOf(one)]).map((chart) => chart.kind === 'lines' && chart.series[0].name),
    ).toEqual(['ada: pool', 'ada']);
    expect(boardCharts([entryOf(raced([run('pool', 1, 1)]))])).toEqual([]);
  });

  test('a stage or a nickname called __proto__ is one like any other', () => {
    const runs = [run('serial', 1, 2), run('__proto__', 2, 1)];
    const [[, row]] = boardTables([entryOf(raced(runs, { nickname: '__proto__' }))]);
    expect([row[0], row.at(-1)]).toEqual(['__proto__', '__proto__, 2']);
  });
});

test.skipIf(process.platform !== 'linux')('a process without children has no CPU time of theirs', () => {
  const memory = new URL('../../../dist/tools/measure/memory.js', import.meta.url).href;
  const code = `import { childrenCpuSeconds } from '${memory}'; console.log(childrenCpuSeconds());`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  expect(stdout).toBe('0\n');
});

const script = fileURLToPath(new URL('../../support/lola.mjs', import.meta.url));

/** A long race with one worker, as a process of its own. */
function startRace(stages: string) {
  const words = `race --stages ${stages} --workers 1 --samples 1e4 --repeats 5000`.split(' ');
  return spawn(process.execPath, [script, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
}

describe('lola race and lola board', () => {
  let folder: string;
  const file = (name: string) => join(folder, name);
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lola-race-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('a race of two sizes: each racer cold once and warm often, one integer, files without host, user or path', async () => {
    const { status, stdout } = await lolaHere(
      'race',
      '--stages',
      'serial,pool',
      '--sweep',
      '1e4..1e5',
      '--workers',
      '1',
      '--repeats',
      '2',
      '--nickname',
      'ada',
      '--predict',
      '1.5',
      '--json',
      file('ada.json'),
      '--report',
      file('ada.html'),
    );
    expect(status).toBe(0);
    expect(stdout).toContain('One integer at every stage.');
    const text = readFileSync(file('ada.json'), 'utf8');
    const result = readRace(file('ada.json'));
    expect(result.runs.map(({ stage, samples, cold }) => [stage, samples, cold])).toEqual([
      ['serial', 1e4, true],
      ['pool', 1e4, true],
      ...[1e4, 1e4, 1e5, 1e5].flatMap((samples) => [
        ['serial', samples, false],
        ['pool', samples, false],
      ]),
    ]);
    for (const { samples, inside } of result.runs)
      expect(inside).toBe(countInside(keyOfSeed(2017), 0, samples));
    expect(result.memory.map(({ stage }) => stage)).toEqual(['serial', 'pool']);
    for (const secret of [hostname(), folder, process.cwd()]) expect(text).not.toContain(secret);
    expect(text).not.toMatch(new RegExp(`"${userInfo().username}"`));
    const report = readFileSync(file('ada.html'), 'utf8');
    expect(report).toContain('Time over samples');
  });

  test('workers beyond the cores are said and not raced; nothing left to race is no failure', async () => {
    const { status, stdout } = await lolaHere(
      'race',
      '--stages',
      'pool',
      '--workers',
      '4096',
      '--json',
      file('none.json'),
    );
    expect({ status, said: stdout.includes('pool with 4096 workers: not measurable here') }).toEqual({
      status: 0,
      said: true,
    });
    expect(readRace(file('none.json')).runs).toEqual([]);
  });

  test.skipIf(process.platform === 'win32')(
    'Ctrl-C keeps what is done, says so, and leaves no process behind',
    async () => {
      const words = [
        'race',
        '--stages',
        'serial,pool',
        '--workers',
        '1',
        '--sweep',
        '1e4..1e9',
        '--repeats',
        '4',
        '--json',
        file('stopped.json'),
        '--report',
        file('stopped.html'),
      ];
      const child = spawn(process.execPath, [script, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
      let [out, err] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      await new Promise<void>((resolve) => {
        child.stderr.on('data', (chunk: Buffer) => {
          err += chunk.toString();
          if (err.includes('100000 samples')) resolve(); // the first size is done
        });
      });
      child.kill('SIGINT');
      // 'close' comes when all holders of the pipes are gone, the racers too.
      const code = await new Promise((resolve) => child.on('close', resolve));
      expect(code).toBe(130);
      expect(out).toContain('The race was stopped; this is what was done.');
      const result = readRace(file('stopped.json'));
      expect(result.interrupted).toBe(true);
      expect(result.runs.filter(({ samples }) => samples === 1e4)).toHaveLength(10);
      const report = readFileSync(file('stopped.html'), 'utf8');
      expect(report).toContain('The race was stopped; this is what was done.');
    },
  );

  test.skipIf(process.platform !== 'linux')('Ctrl-C while a racer starts ends that racer, too', async () => {
    const words = ['race', '--stages', 'distributed', '--workers', '1', '--samples', '1e4'];
    const child = spawn(process.execPath, [script, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 100_000, // one that hangs is killed, and fails here
      killSignal: 'SIGKILL',
    });
    const closed = new Promise((resolve) => child.on('close', resolve));
    const racers = () =>
      readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').match(/\d+/g) ?? [];
    while (racers().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGINT'); // a racer has a process, and needs much longer until it is up
    expect(await closed).toBe(130);
  });

  test.skipIf(process.platform !== 'linux')(
    'a racer that is killed, in its turn or between two, ends the race, which says who and how',
    async () => {
      const child = startRace('serial,pool');
      const closed = new Promise((resolve) => child.on('close', resolve));
      let err = '';
      await new Promise<void>((resolve) => {
        child.stderr.on('data', (chunk: Buffer) => {
          err += chunk.toString();
          if (err.includes('2 racers')) resolve();
        });
      });
      const racers = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
      process.kill(Number(racers[0]), 'SIGKILL');
      expect(await closed).toBe(1);
      expect(err).toContain('race: the process of serial with 1 workers ended (SIGKILL)');
    },
  );

  test.skipIf(process.platform !== 'linux')(
    'a race that is killed leaves nothing below it: racer, and its scheduler and worker',
    async () => {
      const child = startRace('distributed');
      const below = (pid: number): number[] => {
        const found = readText(`/proc/${pid}/task/${pid}/children`)?.match(/\d+/g) ?? [];
        return found.map(Number).flatMap((one) => [one, ...below(one)]);
      };
      await until(() => below(child.pid!).length === 3);
      const pids = below(child.pid!);
      child.kill('SIGKILL');
      await until(() => !pids.some(isAlive));
    },
  );

  test('the board takes the files of races and says which file is none', async () => {
    writeFileSync(file('other.json'), '{"format":"lolas-pi.race.2"}');
    writeFileSync(file('good.json'), JSON.stringify({ ...four, nickname: 'eve' }));
    const { status, stdout, stderr } = await lolaHere(
      'board',
      file('good.json'),
      file('other.json'),
      '--report',
      file('board.html'),
    );
    expect(status).toBe(0);
    expect(stdout).toContain('eve');
    expect(stderr).toMatch(/left out: .*other.json is not the result of a race: format must be/);
    expect(existsSync(file('board.html'))).toBe(true);
    expect((await lolaHere('board', file('other.json'))).status).toBe(2);
    writeFileSync(file('shown.json'), JSON.stringify({ ...four, nickname: 'e\u001b[2Jve' }));
    expect((await lolaHere('board', file('shown.json'))).stdout).toContain('\ne\\u{1b}[2Jve ');
  });

  test('the board takes a pattern that no shell has filled in, and says which one fits no file', async () => {
    mkdirSync(file('room'));
    const put = (name: string, nickname: string) =>
      writeFileSync(join(file('room'), name), JSON.stringify({ ...four, nickname }));
    put('race-2.json', 'ben');
    put('race-1.json', 'ada');
    put('race-10.json', 'cy');
    put('race+1.json', 'dot');
    put('.race-3.json', 'hidden');
    put('race-1.json.bak', 'old');
    const names = async (...patterns: string[]) => {
      const { status, stdout, stderr } = await lolaHere(
        'board',
        ...patterns.map((one) => join(file('room'), one)),
      );
      const rows = stdout.trimEnd().split('\n').slice(2);
      return [status, rows.map((row) => row.split(' ')[0]), stderr.trim()];
    };
    expect(await names('race-?.json')).toEqual([0, ['ada', 'ben'], '']);
    expect(await names('*.json')).toEqual([0, ['dot', 'ada', 'cy', 'ben'], '']);
    expect(await names('race+*.json', 'race-1.json')).toEqual([0, ['dot', 'ada'], '']);
    const none = join(file('room'), 'rice*.json');
    const said = `lola: left out: no file is named as in '${none}'`;
    expect(await names('rice*.json', 'race-1.json')).toEqual([0, ['ada'], said]);
    expect(await names('rice*.json')).toEqual([
      2,
      [],
      `${said}\nlola: board: ${none} holds no result of a race.`,
    ]);
    if (process.platform === 'win32') return; // elsewhere a file may be called so
    put('race-*.json', 'star');
    expect(await names('race-*.json')).toEqual([0, ['star'], '']);
  });

  test.each([
    [['--stages', 'pol'], '--stages must be one of'],
    [['--stages', 'slurm'], '--stages must be one of serial, pool, chunked, distributed'],
    [['--samples', '0'], '--samples must be a whole number from 1'],
    [
      ['--samples', '5', '--sweep', '1..2'],
      "option '--sweep <A..B>' cannot be used with option '--samples <N>'",
    ],
    [['--sweep', '1e4'], "--sweep must be two numbers as 1e4..1e9, got '1e4'"],
    [['--sweep', '1e5..1e4'], '--sweep must go up'],
    [['--workers', '1,x'], '--workers must be a whole number'],
    [['--repeats', '0'], '--repeats'],
    [['--predict', 'fast'], "--predict must be a number above 0, got 'fast'"],
    [['--nickname', ''], '--nickname must have 1 to 40 characters'],
    [['--json', '/no/such/folder/x.json'], "--json: cannot write '/no/such/folder/x.json'"],
  ])('race %j is refused with exit code 2 and what was given', async (words, said) => {
    const { status, stdout, stderr } = await lolaHere('race', '--stages', 'serial', ...words);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(said);
  });

  test('a race that is refused leaves the files of the last one as they are', async () => {
    for (const name of ['old.json', 'old.html']) writeFileSync(file(name), 'old');
    const files = ['--json', file('old.json'), '--report', file('old.html')];
    const words = ['race', ...files, '--workers', '0'];
    expect((await lolaHere(...words)).status).toBe(2);
    for (const name of ['old.json', 'old.html']) expect(readFileSync(file(name), 'utf8')).toBe('old');
  });
});
