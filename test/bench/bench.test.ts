// The bench's arithmetic, its reading of other programs and its reports, on made-up numbers; and its command line.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeMachine } from '../../lib/machine.js';
import { isAlive } from '../support/cluster.js';
import { drawChart } from './chart.mjs';
import { findTools, parseLine, prepareItems, run, type Subject } from './programs.mjs';
import {
  asMarkdown,
  asText,
  disagreements,
  fillRegion,
  judge,
  type BenchRecord,
  type Result,
} from './report.mjs';
import { compare, digits, interleave, median, range, short } from './statistics.mjs';

const scripts = fileURLToPath(new URL('../../scripts', import.meta.url));
let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'lolas-pi-bench-test-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const result = (
  subject: string,
  samples: number,
  seconds: readonly number[],
  more: Partial<Result> = {},
): Result => ({
  ...{
    subject,
    label: subject,
    samples,
    peer: false,
    whole: false,
    exact: true,
    aside: false,
    unit: 'samples',
    inside: 3,
    pi: 3,
  },
  ...{ seconds, cpuSeconds: seconds, peakMemoryBytes: [1e6], medianLatencySeconds: [], ...more },
});

describe('statistics', () => {
  test('the median is the middle value, or the mean of the middle two, in any order and unchanged by it', () => {
    const values = [9, 1, 5];
    expect([median(values), median([4, 1, 3, 2]), median([7])]).toEqual([5, 2.5, 7]);
    expect(values).toEqual([9, 1, 5]);
  });

  test('a range is the least and the largest', () => expect(range([3, 1, 2])).toEqual([1, 3]));

  test('a ratio is that of the medians; its range is of the ratios of each round, as far as both have rounds', () => {
    const ratio = (a: number, b: number) => a / b;
    expect(compare(ratio, median, [10, 20, 60], [10, 10, 20])).toEqual({ value: 2, range: [1, 3] });
    expect(compare(ratio, median, [10, 20, 60], [10, 5])).toEqual({ value: 20 / 7.5, range: [1, 4] });
  });

  test('rounds are interleaved: A B A B', () => {
    const order = [...interleave(['A', 'B'], 2)].map(({ round, item }) => `${item}${round}`);
    expect(order).toEqual(['A1', 'B1', 'A2', 'B2']);
  });

  test('numbers are written short', () => {
    expect([0.012345, 1234.5, 2, 0].map(digits)).toEqual(['0.0123', '1230', '2', '0']);
    expect([1, 1e4, 1e10, 15e7].map(short)).toEqual(['1', '1e4', '1e10', '150000000']);
  });
});

describe('other programs', () => {
  const good =
    '{"samples": 100, "seconds": [0.5, 0.25], "cpuSeconds": [0.5, 0.25], "inside": 78, "pi": 3.12}';

  test('the last line that a peer prints is read', () => {
    expect(parseLine(`a warning\n${good}\n`, 100)).toMatchObject({ seconds: [0.5, 0.25], inside: 78 });
  });

  test.each([
    ['no JSON', 'Killed', /no line of JSON but 'Killed'/],
    ['nothing', '', /no line of JSON but ''/],
    ['other tasks than asked for', '{"tasks": 99, "seconds": [1]}', /asked for 100 samples and tells of 99/],
    ['other samples than asked for', good.replace('100', '99'), /asked for 100 samples and tells of 99/],
    ['a time that is none', good.replace('0.25', 'null'), /times that are none/],
  ])('%s is refused by name', (_, stdout, message) => expect(() => parseLine(stdout, 100)).toThrow(message));

  test('the first python that has a library is taken, and none where there is none', () => {
    const answers: { [file: string]: string } = {
      python3: 'numpy 2.0.1\n',
      '/usr/bin/python3': 'numpy 1.24.2\ndask 2022.12.1+dfsg\n',
    };
    expect(findTools((file) => answers[file] ?? '')).toEqual({
      numpy: { program: 'python3', version: '2.0.1' },
      dask: { program: '/usr/bin/python3', version: '2022.12.1+dfsg' },
    });
    expect(findTools(() => '')).toEqual({});
  });

  const peer: Subject = {
    name: 'a',
    label: 'A',
    sizes: [10, 1e9],
    needs: 'numpy',
    bytes: 10,
    command: (n) => ['a', n],
  };
  const given = () => ({
    ...{ tools: {}, install: { numpy: 'apt-get install python3-numpy' }, key: [1, 2], memoryBytes: 1e9 },
    ...{ folder, signal: new AbortController().signal },
  });

  test('dask computes every repeat anew, whatever its scheduler remembers', (context) => {
    const program = `
import sys; sys.path.insert(0, sys.argv[1])
import argparse, dask_distributed as peer
peer.arguments, names, compute = argparse.Namespace(seed=1, chunks=None), set(), peer.da.Array.compute
peer.da.Array.compute = lambda lazy: (names.add(lazy.name), compute(lazy, scheduler='sync'))[1]
print(len({peer.inside_circle(1000) for _ in range(3)}), len(names))`;
    const python = findTools().distributed?.program;
    if (!python || process.platform !== 'linux') return context.skip();
    const { stdout, stderr } = spawnSync(python, ['-c', program, join(scripts, '../test/bench/peers')], {
      encoding: 'utf8',
    });
    expect(stdout, stderr).toBe('1 3\n');
  });

  test('an absent peer is reported with the line that installs it', async () => {
    const { items, absent } = await prepareItems([peer], given());
    const reported = {
      subject: 'a',
      label: 'A',
      reason: 'numpy is not here',
      install: 'apt-get install python3-numpy',
    };
    expect([items, absent]).toEqual([[], [reported]]);
    expect(asText({ ...record, absent })).toContain(
      'absent: A: numpy is not here; install: apt-get install python3-numpy',
    );
  });

  test('a size that does not fit into memory is left out, the others are not', async () => {
    const tools = { numpy: { program: 'python3', version: '1' } };
    const { items, absent } = await prepareItems([peer], { ...given(), tools });
    expect(items).toEqual([{ subject: peer, samples: 10, command: ['a', '10'] }]);
    expect(absent).toEqual([
      { subject: 'a', label: 'A', reason: '1000000000 samples would take 10.0 GB of memory' },
    ]);
  });

  test('a program that fails tells why, and one that is not there too', async () => {
    const say = (code: string) => run([process.execPath, '-e', code], given());
    await expect(say("console.error('a: error: no room\\n(see --help)'); process.exit(3)")).rejects.toThrow(
      'a: error: no room',
    );
    await expect(say('process.exit(4)')).rejects.toThrow('ended with code 4');
    await expect(run([join(folder, 'none')], given())).rejects.toThrow('ENOENT');
  });

  test.skipIf(process.platform === 'win32')('aborting ends a program and what it started', async () => {
    const controller = new AbortController();
    const inner = `require('node:net').createServer().listen(0, '127.0.0.1')`;
    const outer = `const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(inner)}]);
      require('node:fs').writeFileSync('pid', String(child.pid)); process.kill(${process.pid}, 'SIGUSR2'); setInterval(() => {}, 1e6)`;
    const started = new Promise<void>((resolve) => process.once('SIGUSR2', () => resolve()));
    const running = run([process.execPath, '-e', outer], { folder, signal: controller.signal });
    await started;
    controller.abort();
    await expect(running).rejects.toThrow('SIGKILL');
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    await expect.poll(() => isAlive(pid)).toBe(false);
  });
});

const fast = result('fast', 1e8, [0.1, 0.2, 0.3]);
const slow = result('slow <&>', 1e8, [4, 5, 6], { peer: true, exact: false });
const record: BenchRecord = {
  ...{
    schema: 'lolas-pi-bench',
    version: 1,
    date: '2030-01-02',
    machine: describeMachine(),
    tools: { numpy: '1.0' },
  },
  ...{
    load: 0,
    rounds: 3,
    quick: false,
    stopped: false,
    results: [fast, slow],
    absent: [],
    disagreements: [],
  },
  claims: judge(
    [
      {
        text: 'a / b',
        a: ['fast', 1e8],
        b: ['slow <&>', 1e8],
        bound: 0.04,
        measure: 'seconds',
        kind: 'ratio',
      },
    ],
    [fast, slow],
  ),
};

describe('reports', () => {
  test('a claim is reached or not by its bound, and says what was not measured', () => {
    const claim = { text: 'a / b', a: ['fast', 1e8], b: ['slow <&>', 1e8], measure: 'seconds' } as const;
    const states = judge(
      [
        { ...claim, kind: 'ratio', bound: 0.04 },
        { ...claim, kind: 'ratio', bound: 0.039 },
        { ...claim, kind: 'difference', bound: -5 },
        { ...claim, kind: 'efficiency', bound: 0.0125, a: claim.b, b: claim.a },
        { ...claim, kind: 'ratio', bound: 1, b: ['slow <&>', 1e9] },
      ],
      [fast, slow],
    );
    expect(states.map(({ bound, value, state }) => [bound, value, state])).toEqual([
      ['<= 1/25', 0.04, 'reached'],
      ['<= 1/25.6', 0.04, 'not reached'],
      ['<= -5', -4.8, 'not reached'],
      ['>= 0.0125', 20, 'reached'],
      ['<= 1', undefined, 'not measured: slow <&> at 1e9'],
    ]);
  });

  test('the price of a task is held to a number: tasks a second, ms a task', () => {
    const tasks = result('tasks', 1000, [0.1, 0.2, 0.5], {
      unit: 'tasks',
      medianLatencySeconds: [1e-4, 3e-4, 4e-4],
    });
    const claim = { text: 'tasks', a: ['tasks', 1000], measure: 'seconds' } as const;
    const states = judge(
      [
        { ...claim, kind: 'rate', bound: 5000 },
        { ...claim, kind: 'rate', bound: 5001 },
        { ...claim, kind: 'milliseconds', bound: 0.3, measure: 'medianLatencySeconds' },
        { ...claim, kind: 'seconds', bound: 0.19 },
      ],
      [tasks],
    );
    expect(states.map(({ bound, value, range, state }) => [bound, value, range, state])).toEqual([
      ['>= 5000', 5000, [2000, 10_000], 'reached'],
      ['>= 5000', 5000, [2000, 10_000], 'not reached'],
      ['<= 0.3', 0.3, [0.1, 0.4], 'reached'],
      ['<= 0.19', 0.2, [0.1, 0.5], 'not reached'],
    ]);
    expect(asText({ ...record, results: [tasks] })).toMatch(
      /^tasks +1000 +3 +0\.2 +0\.1 - 0\.5 +0\.2 +- +1$/m,
    );
  });

  test('programs that must agree and do not are named by their counts', () => {
    expect(
      disagreements([fast, slow, result('other', 1e8, [1]), result('other', 1e9, [1], { inside: 4 })]),
    ).toEqual([]);
    expect(disagreements([fast, result('other', 1e8, [1], { inside: 4 })])).toEqual([
      { samples: 1e8, inside: [3, 4] },
    ]);
  });

  test('the table has medians, ranges, CPU time, ns per sample and memory', () => {
    const row = asText(record)
      .split('\n')
      .find((line) => line.startsWith('fast'));
    expect(row?.trim().split(/\s{2,}/)).toEqual(['fast', '1e8', '3', '0.2', '0.1 - 0.3', '0.2', '2', '1']);
  });

  test('nothing measured is said, not a failure', () => {
    expect(asText({ ...record, results: [], claims: [] })).toContain('nothing was measured');
    expect(drawChart([], '')).toContain('</svg>');
  });

  test('the README gets the run between its markers, twice the same, and nothing else changes', () => {
    const readme = 'before\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nafter\n';
    const filled = fillRegion(readme, 'bench', asMarkdown(record, { json: 'a.json', svg: 'a.svg' }));
    expect(filled).toMatch(
      /^before\n<!-- bench:begin -->\n\nRecorded by [^]*\n\n<!-- bench:end -->\nafter\n$/,
    );
    expect(filled).toContain('| fast     |              1e8 |    3 |     0.2 | 0.1 - 0.3 |');
    expect(filled).not.toContain('old');
    expect(fillRegion(filled, 'bench', asMarkdown(record, { json: 'a.json', svg: 'a.svg' }))).toBe(filled);
    expect(() => fillRegion('no markers', 'bench', '')).toThrow(/bench:begin/);
  });

  test('the chart is well-formed SVG with a title and a description, and has a mark for each warm subject', () => {
    const aside = result('aside', 1e8, [1], { aside: true });
    const whole = result('whole', 1e8, [1], { whole: true });
    const svg = drawChart([fast, slow, aside, whole, result('fast', 1e10, [1])], 'a machine & more');
    expect(unclosedIn(svg)).toEqual([]);
    expect(svg).toMatch(
      /<title id="title">[^<]+<\/title>\s*<desc id="desc">[^<]*slow &lt;&amp;&gt;: 50 \(40 to 60\)/,
    );
    expect(svg).toContain('prefers-color-scheme: dark');
    const labels = [...svg.matchAll(/text-anchor="end">([^<]+)</g)].map(([, label]) => label);
    expect(labels).toEqual(['fast', 'slow &lt;&amp;&gt;']);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
});

/** Tags that are not closed, or closed without being open, and attributes and entities that are none. */
function unclosedIn(xml: string): string[] {
  const open: string[] = [];
  const wrong: string[] = xml.replace(/<style>[^<]*<\/style>/, '').match(/&(?!(lt|gt|amp|quot);)/g) ?? [];
  const rest = xml.replace(
    /<(\/?)([a-z]+)((?:\s+[a-zA-Z0-9-]+="[^"<]*")*)\s*(\/?)>/g,
    (_, close: string, name: string, _attributes, single: string) => {
      if (close !== '' && open.pop() !== name) wrong.push(`</${name}>`);
      if (close === '' && single === '') open.push(name);
      return '';
    },
  );
  return [...wrong, ...open, ...(rest.match(/[<>]/g) ?? [])];
}

describe('the command line', () => {
  const bench = join(scripts, '..', 'test', 'bench', 'main.mjs');
  const program = [
    '--input-type=module',
    '-e',
    `await (await import(${JSON.stringify(`file://${bench}`)})).main(process.argv.slice(1))`,
    '--',
  ];
  const call = (...words: string[]) =>
    spawnSync(process.execPath, [...program, ...words], { encoding: 'utf8' });

  test.each([
    [
      'an unknown flag, with the nearest',
      ['--round', '3'],
      /unknown option '--round'[^]*Did you mean --rounds/,
    ],
    ['a number that is none', ['--rounds', 'x'], /--rounds must be a whole number from 1.*got 'x'/],
    [
      'a subject that is not there',
      ['--only', 'pool,sreial'],
      /--only: no subject is called 'sreial'\. There are .*serial/,
    ],
    ['a file that cannot be written', ['--json', '/no/where'], /--json: cannot write '\/no\/where'/],
    ['a quick run for the README', ['--readme', '--quick'], /--readme records a whole run/],
  ])('%s: exit code 2', (_, words, message) => {
    const { status, stderr } = call(...words);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });

  test('a run writes its record and its chart', () => {
    const [json, svg] = [join(folder, 'a.json'), join(folder, 'a.svg')];
    const { status, stdout } = call('--only', 'start-n', '--rounds', '2', '--json', json, '--svg', svg);
    expect(status).toBe(0);
    expect(stdout).toMatch(/start-up of lola pi beyond Node, s +- +- +<= 0.1 +not measured: start-lola at 1/);
    const written = JSON.parse(readFileSync(json, 'utf8')) as BenchRecord;
    expect(written).toMatchObject({
      schema: 'lolas-pi-bench',
      version: 1,
      rounds: 2,
      stopped: false,
      absent: [],
    });
    expect(written.results.map(({ subject, seconds }) => [subject, seconds.length])).toEqual([
      ['start-node', 2],
    ]);
    expect(readFileSync(svg, 'utf8')).toContain('</svg>');
  });

  test.skipIf(process.platform === 'win32')(
    'Ctrl-C, also twice, keeps what is measured: a table, and exit code 130',
    async () => {
      const child = spawn(process.execPath, [...program, '--only', 'start-node', '--rounds', '1000000']);
      const text = { stdout: '', stderr: '' };
      child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
      const ended = new Promise((resolve) => child.once('close', resolve));
      await new Promise<void>((resolve) => {
        child.stderr.on('data', (chunk: Buffer) => {
          text.stderr += chunk.toString();
          if (text.stderr.includes('round 2 of')) resolve();
        });
      });
      child.kill('SIGINT');
      child.kill('SIGINT');
      expect(await ended).toBe(130);
      expect(text.stdout).toMatch(/node -e 0, whole program +1 +\d+ /);
    },
  );
});
