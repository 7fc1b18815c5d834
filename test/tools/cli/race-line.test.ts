// A race in one line, and the board that reads it: whole, checked, and by the number of its line where it is wrong.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { boardCharts, boardPage } from '../../../tools/cli/race-page.js';
import { LINE_MARK, lineOf, readLine } from '../../../tools/cli/race-line.js';
import { boardTables, type BoardEntry } from '../../../tools/measure/board.js';
import { lolaHere } from '../../support/lola-here.mjs';

const folder = mkdtempSync(join(tmpdir(), 'lola-line-'));
afterAll(() => rmSync(folder, { recursive: true }));
const script = fileURLToPath(new URL('../../support/lola.mjs', import.meta.url));
const lola = (words: readonly string[], input = '') =>
  spawnSync(process.execPath, [script, ...words], { encoding: 'utf8', timeout: 100_000, input });

const entry = (nickname: string, samples: number, more: Partial<BoardEntry> = {}): BoardEntry => ({
  ...{ nickname, samples, cpu: 'a CPU', cores: 4, prediction: 3.5, stage: 'pool' },
  points: [
    { workers: 1, speedUp: { median: 0.98, low: 0.97, high: 0.99 } },
    { workers: 4, speedUp: { median: 3.7, low: 3.5, high: 3.8 } },
  ],
  ...more,
});
const LINE =
  'lola race 1 | Ana | a CPU | 4 cores | 1000000000 samples | predicted 3.5 | pool | 1 workers 0.98 (0.97..0.99) | 4 workers 3.7 (3.5..3.8) | end';

describe('a line', () => {
  test('says what the board shows, and is read back as it was, also behind a chat’s words', () => {
    expect(lineOf(entry('Ana', 1e9))).toBe(LINE);
    for (const text of [LINE, `Ana, 10:32: ${LINE}`, ` ${LINE} (edited)`])
      expect(readLine(text)).toEqual(entry('Ana', 1e9));
    const { prediction, ...unpredicted } = entry('Ben', 7);
    expect([prediction, readLine(lineOf(unpredicted))]).toEqual([3.5, unpredicted]);
  });

  test('has a name that can do nothing but be read, and digits in their order', () => {
    const third = { median: 1 / 3, low: 1 / 3 - 1e-9, high: 1 / 3 + 1e-9 };
    const odd = lineOf(entry('\u202ea|b\n<c>', 1e3, { points: [{ workers: 2, speedUp: third }] }));
    expect(odd).not.toMatch(/[\n\u202e]/);
    expect(readLine(odd)).toMatchObject({ nickname: 'a/b <c>', points: [{ speedUp: { median: 0.3333 } }] });
  });

  test.each([
    ['no mark', 'hello', /no 'lola race 1 \|'/],
    ['nothing behind the mark', `${LINE_MARK} | end`, /nickname is wrong/],
    ['cores that are none', LINE.replace('4 cores', '1.5 cores'), /cores is wrong/],
    ['too many cores', LINE.replace('4 cores', '5000 cores'), /cores is wrong/],
    ['samples that are no number', LINE.replace('1000000000', 'NaN'), /samples is wrong/],
    ['endless samples', LINE.replace('1000000000', '1e999'), /samples is wrong/],
    ['no speed-up', LINE.replace(/ \| 1 workers.* \|/, ' |'), /points is wrong/],
    ['a speed-up below 0', LINE.replace('3.7 (', '-3.7 ('), /points\.1\.workers is wrong/],
    ['a speed-up beyond its range', LINE.replace('3.7 (', '9.7 ('), /points\.1\.speedUp is wrong/],
    ['a speed-up that no machine has', LINE.replace('3.8)', '380)'), /points\.1 is wrong/],
    ['a prediction of 0', LINE.replace('predicted 3.5', 'predicted 0'), /prediction is wrong/],
    ['an end cut off', LINE.slice(0, LINE.lastIndexOf(' | 4')), /its 'end' is missing/],
    ['half a point', LINE.replace(/\.\.3\.8.*/, ' | end'), /points\.1\.workers is wrong/],
    ['a line without end', `${LINE} | ${'x'.repeat(3000)}`, /more than 2000 characters/],
  ])('with %s is refused by name', (_, text, why) => {
    expect(() => readLine(text)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => readLine(text)).toThrow(why);
  });
});

describe('lola board', () => {
  test('reads lines from a file and from its input, and names each bad one by its number', () => {
    const file = join(folder, 'chat.txt');
    const bad = [LINE.replace('4 cores', 'x cores'), LINE.replace('lola', '')];
    const lines = [LINE, '', ...bad, 'hello', '1000 samples: 4 racers', lineOf(entry('Ben', 1e9))];
    writeFileSync(file, lines.join('\r\n'));
    for (const [words, where, input] of [
      [['board', file], file, ''],
      [['board', '-'], 'the input', lines.join('\n')],
    ] as const) {
      const { status, stdout, stderr } = lola(words, input);
      expect(status, stderr).toBe(0);
      const rows = stdout.trim().split('\n');
      expect(rows.slice(2).map((row) => row.split(' ')[0])).toEqual(['Ana', 'Ben']);
      const left = stderr.trim().split('\n');
      expect(left.map((line) => line.split(': ')[2])).toEqual([`${where}, line 3`, `${where}, line 4`]);
    }
    expect(lola(['board', '-'], 'hello').status).toBe(2);
  });

  test('reads what PowerShell’s > wrote, and what an editor marked', async () => {
    const [marked, utf16] = [join(folder, 'marked.json'), join(folder, 'utf16.txt')];
    await lolaHere(
      ...'race --stages serial --samples 1e3 --repeats 1 --nickname Cleo --json'.split(' '),
      marked,
    );
    writeFileSync(marked, `\ufeff${readFileSync(marked, 'utf8')}`);
    writeFileSync(utf16, Buffer.from(`\ufeff${LINE}\r\n`, 'utf16le'));
    const { stdout, stderr } = lola(['board', utf16, marked, join(folder, 'none.txt')]);
    expect(stdout).toMatch(/^Ana [^]*^Cleo /m);
    expect(stderr).toMatch(/^lola: left out: .*none\.txt.*its --json or its --line\.\n$/);
  });

  test('shows another number of samples apart: in its own table and its own charts', () => {
    const all = [
      entry('Ana', 1e9),
      entry('Cleo', 1e7),
      entry('Ben', 1e9),
      entry('Ana', 1e7),
      entry('Ana', 1e9),
    ];
    const tables = boardTables(all);
    expect(tables.map((table) => table.slice(1).map(([name, , , samples]) => `${name} ${samples}`))).toEqual([
      ['Ana 1e9', 'Ben 1e9', 'Ana 2 1e9'],
      ['Cleo 1e7', 'Ana 1e7'],
    ]);
    const charts = boardCharts(all);
    expect(charts.map(({ title }) => title.replace(/^.*; /, ''))).toEqual([
      ...['1e9 samples', '1e9 samples'],
      ...['1e7 samples', '1e7 samples'],
    ]);
    const names = charts.map((chart) => chart.kind === 'lines' && chart.series.map(({ name }) => name));
    expect(names[0]).toEqual(expect.arrayContaining(['Ana: pool', 'Ben: pool', 'Ana 2: pool']));
    expect(names[0]).not.toContain('Cleo: pool');
    expect(boardPage(all).match(/<table/g)).toHaveLength(2);
  });

  test('takes the line of a race beside its file', async () => {
    const json = join(folder, 'ada.json');
    const words =
      'race --stages serial,pool --workers 2 --samples 1e5 --repeats 1 --nickname ada --line --json';
    const { status, stdout, stderr } = await lolaHere(...words.split(' '), json);
    expect(status, stderr).toBe(0);
    const line = stdout.split('\n').find((one) => one.startsWith(LINE_MARK));
    const { coresAllotted } = (
      JSON.parse(readFileSync(json, 'utf8')) as { machine: { coresAllotted: number } }
    ).machine;
    if (coresAllotted === 1) return expect(stderr).toContain('--line: no speed-up was measured here');
    expect(readLine(line!)).toMatchObject({ nickname: 'ada', samples: 1e5, stage: 'pool' });
    const board = lola(['board', json, '-'], line);
    expect(board.stdout.trim().split('\n')[3]).toMatch(/^ada 2 .* 1e5 /);
    expect(board.stderr).toBe('');
  });
});
