// `npm run record`: what it keeps of a run, what it refuses to tell, and one real run of a notebook and of commands.
import { existsSync, symlinkSync } from 'node:fs';
import { homedir, hostname, userInfo } from 'node:os';
import { join, sep } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { cleaned, stepsOf } from '../../scripts/record-slurm.mjs';
import { partsOf } from '../../scripts/record/cell.mjs';
import { recordCommands } from '../../scripts/record/commands.mjs';
import { recordNotebook } from '../../scripts/record/notebook.mjs';
import { scrubbed } from '../../scripts/record/private.mjs';
import { figureOf, plotlyHtml } from '../../lesson/charts/plotly.js';
import { pictureOf, svgOf } from '../../lesson/charts/svg.js';
import type { Chart } from '../../lesson/charts/charts.js';
import { root } from '../support/episode.js';
import { codeCell, notebookOf, textCell } from '../support/made-up.js';
import { cloneOf, type Clone } from '../support/made-up-clone.js';
import { codeCells, runNotebook, type NotebookRun } from '../support/notebook-runner.js';
import type { Notebook } from '../support/notebook.js';

const chart: Chart = {
  kind: 'lines',
  title: 'Speed & </script> of "two"',
  x: { label: 'workers' },
  y: { label: 'speed-up' },
  series: [{ name: 'pool', points: [{ x: 1, y: 1 }] }],
};
const machine = { cpu: expect.any(String), cores: expect.any(Number), node: process.versions.node };
const date = expect.stringMatching(/^\d{4}-\d\d-\d\d$/);
const html = (text: string) => ({
  type: 'display_data',
  data: { 'text/html': text, 'text/plain': '[html]' },
});

describe('of a cell it keeps', () => {
  test('standard output and plain results, without colours; nothing of standard error', () => {
    const outputs = [
      { type: 'stream', name: 'stdout', text: 'one\n' },
      { type: 'stream', name: 'stderr', text: 'a warning\n' },
      { type: 'execute_result', data: { 'text/plain': '\u001b[33m2\u001b[39m' } },
    ] as const;
    expect(partsOf(outputs)).toEqual({ text: 'one\n2', pictures: [], html: [] });
  });

  test('of a display that was updated its last state', () => {
    const shown = (type: string, text: string, display_id: string) => ({
      type,
      data: { 'text/plain': text },
      transient: { display_id },
    });
    const outputs = [
      shown('display_data', '1 %', 'a'),
      shown('display_data', 'x', 'b'),
      shown('update_display_data', '99 %', 'a'),
    ];
    expect(partsOf(outputs).text).toBe('99 %\nx');
  });

  test("a chart's picture, its table, and plotly's figure without plotly", () => {
    const { text, pictures, html: rest } = partsOf([html(plotlyHtml(chart))]);
    expect(text).toBe('');
    expect(pictures).toEqual([{ svg: svgOf(chart), figure: JSON.parse(JSON.stringify(figureOf(chart))) }]);
    expect(rest).toEqual([expect.stringMatching(/^<table>.*<\/table>$/s)]);
  });

  test('a picture alone, inline or as an image', () => {
    const { pictures, html: rest } = partsOf([html('<svg id="a"><g/></svg>'), html(pictureOf(chart))]);
    expect(pictures.map(({ svg }) => svg)).toEqual(['<svg id="a"><g/></svg>', svgOf(chart)]);
    expect(rest).toEqual([]);
  });
});

describe('a recording is for everyone', () => {
  const place = {
    replaced: { '/clone/of/ada': '.', '/home/ada': '~', '192.0.2.7': '10.0.0.1', '/opt/bin/node': 'node' },
    names: ['lovelace', 'ada', 'root'],
  };
  test.each([
    ['at file:///clone/of/ada/lib/x.ts:3', 'at ./lib/x.ts:3'],
    ['in /home/ada/.lola', 'in ~/.lola'],
    ['ws://192.0.2.7:8786, not 192.0.2.77', 'ws://10.0.0.1:8786, not 192.0.2.77'],
    ['#!/usr/bin/env bash: /opt/bin/node x', '#!/usr/bin/env bash: node x'],
    ['http://127.0.0.1:8787/?token=aB3-_x', 'http://127.0.0.1:8787/?token=...'],
    [`key ${'0f'.repeat(32)}`, 'key ...'],
    ['the root of 1/2, Canada, /health and /dev/null', 'the root of 1/2, Canada, /health and /dev/null'],
  ])('%s', (text, clean) => {
    expect(scrubbed(text, 'a cell', place)).toBe(clean);
  });

  test.each([
    ['/home/adam/x', 'the path /home/adam/x'],
    ['see /tmp/lola-1/run.html', 'the path /tmp/lola-1/run.html'],
    ['C:\\Users\\ada', 'the path C:\\Users\\ada'],
    ['Worker joined: lovelace-77', 'the name lovelace'],
    ['on lovelace', 'the name lovelace'],
    ['by ada.', 'the name ada'],
  ])('%s is refused', (text, what) => {
    const message = `a cell shows ${what} of this machine. Nothing was written: a recording is for everyone. Change what prints it.`;
    const refusal = expect.objectContaining({ code: 'PRIVATE', message }) as Error;
    expect(() => scrubbed(text, 'a cell', place)).toThrow(refusal);
  });

  test('this machine has a home and a name, and neither passes', () => {
    expect(scrubbed(join(homedir(), 'x'), 'a cell')).toBe(join('~', 'x'));
    expect(scrubbed(join(root, 'lib'), 'a cell')).toBe(`.${sep}lib`);
    expect(() => scrubbed(`on ${hostname()}`, 'a cell')).toThrow('the name');
  });
});

describe("a recording of Slurm's commands", () => {
  const home = '/tmp/lola-home-1';
  const clean = (text: string) => cleaned({ command: 'squeue', text }, home).text;

  test('shows a home, a clone, a login node and a user of the lesson, not ours', () => {
    const user = userInfo().username.slice(0, 8);
    const run = join(root, 'lola-lesson-2', 'lola-runs');
    const squeue = `7 debug lola-wor ${user} R 0:01 1 node1`;
    expect(clean(`${squeue}\n${home}/.lola on ${hostname()}, ${run}\n${process.execPath} x`)).toBe(
      '7 debug lola-wor lola R 0:01 1 node1\n~/.lola on login, ~/lolas-pi/lola-lesson/lola-runs\nnode x',
    );
  });

  test('leaves out what the cell prints itself, which it prints again when the command is replayed', () => {
    const text = '$ sinfo\nidle\n$ npx lola pi\npi is 3\n\n1 s\nseconds: you predicted nothing\n';
    expect(stepsOf(text)).toEqual([
      { command: 'sinfo', text: 'idle' },
      { command: 'npx lola pi', text: 'pi is 3\n\n1 s' },
    ]);
  });

  test.each([
    ['slurmstepd: error in /var/spool/slurmd/job7', 'the path /var/spool/slurmd/job7'],
    ['see /scratch/x', 'the path /scratch/x'],
    ['Worker joined: ' + hostname() + '-7', `the name ${hostname()}`],
  ])('%s is refused as in every other recording', (text, what) => {
    expect(() => clean(text)).toThrow(`'squeue' shows ${what} of this machine`);
  });
});

let clone: Clone | undefined;
afterEach(() => clone?.remove());

describe('a notebook', () => {
  const made = (...cells: string[]) =>
    cloneOf({
      'notebooks/01-one.ipynb': notebookOf([
        textCell('goals', '# One'),
        ...cells.map((source, i) => codeCell(`c${i}`, source)),
      ]),
    });

  /** A run without a kernel, whose cells print this. */
  const madeUp =
    (text: string, problems: string[] = []) =>
    async (notebook: Notebook): Promise<NotebookRun> => {
      const outputs = [{ type: 'stream', name: 'stdout' as const, text }];
      return { cells: codeCells(notebook).map((cell) => ({ cell, status: 'ok', outputs })), problems };
    };

  test('is run in full, and what its cells show is written down with date and machine', async () => {
    clone = made(
      "import * as tslab from 'tslab';\nconsole.log(1, process.env.LOLA_QUICK);",
      'const quiet = 1;',
      "tslab.display.html('<svg><title>A</title></svg>');",
    );
    symlinkSync(join(root, 'node_modules'), join(clone.root, 'node_modules'), 'junction');
    await recordNotebook(clone.root, '01-one', runNotebook);
    expect(JSON.parse(clone.read('episodes/recorded/01-one.json'))).toEqual({
      notebook: 'notebooks/01-one.ipynb',
      date,
      machine,
      cells: { c0: { text: '1 undefined' }, c2: { text: '', svg: ['01-one-c2.svg'] } },
    });
    expect(clone.read('episodes/recorded/01-one-c2.svg')).toBe('<svg><title>A</title></svg>\n');
  });

  test('that fails or is not there leaves nothing behind', async () => {
    clone = made('null.x');
    const record = (stem: string) => recordNotebook(clone!.root, stem, madeUp('', ['c0 failed: no x']));
    await expect(record('01-one')).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: '01-one did not run through: c0 failed: no x',
    });
    await expect(record('02-two')).rejects.toMatchObject({
      message: 'there is no notebooks/02-two.ipynb. There are: 01-one.',
    });
    expect(existsSync(join(clone.root, 'episodes'))).toBe(false);
  });

  test('that shows a path writes nothing', async () => {
    clone = made('1');
    const record = recordNotebook(clone.root, '01-one', madeUp('/home/somebody/else'));
    await expect(record).rejects.toMatchObject({
      code: 'PRIVATE',
    });
    expect(existsSync(join(clone.root, 'episodes'))).toBe(false);
  });
});

describe('commands', () => {
  /** A clone with this list, in which `lola` is a program made up for the test. */
  const made = (list: object, lola: string) =>
    (clone = cloneOf({ 'episodes/recorded/commands.list.json': list, 'scripts/lola.mjs': lola }));
  const echo = 'console.log("lola", ...process.argv.slice(2), process.cwd() === process.env.HOME);';
  const recorded = () => JSON.parse(clone!.read('episodes/recorded/commands.json')) as object;

  test('run in a home of their own; one of them can be recorded anew alone', async () => {
    const { root } = made({ b: 'npx lola pi --samples 1e3', a: 'npx lola doctor' }, echo);
    await recordCommands(root, ['b']);
    await recordCommands(root, ['a']);
    expect(recorded()).toEqual({
      a: { command: 'npx lola doctor', text: 'lola doctor true', date, machine },
      b: { command: 'npx lola pi --samples 1e3', text: 'lola pi --samples 1e3 true', date, machine },
    });
  });

  test('in several terminals: services start in order, and are interrupted in the end', async () => {
    const lola = `const [name] = process.argv.slice(2);
console.log(name, 'is here');
if (name !== 'pi') { const on = setInterval(() => {}, 1e6); process.on('SIGINT', () => { console.log('bye'); clearInterval(on); }); }`;
    const lines = ['npx lola scheduler', 'npx lola worker', 'npx lola pi'];
    await recordCommands(made({ all: lines }, lola).root, []);
    const texts = ['scheduler is here\nbye', 'worker is here\nbye', 'pi is here'];
    const terminals = lines.map((command, i) => ({ command, text: texts[i] }));
    expect(recorded()).toEqual({ all: { terminals, date, machine } });
  });

  test.each([
    [{ a: 'npx lola pi; ls' }, [], 'BAD_COMMAND', "a: cannot run 'npx lola pi; ls'"],
    [{ a: 'rm x' }, [], 'BAD_COMMAND', "a: cannot run 'rm x'"],
    [{ a: 'npx lola x' }, ['b'], 'UNKNOWN_COMMAND', "commands.list.json has no 'b'. It has: a."],
    [{ a: 'npx lola fail' }, [], 'RUN_FAILED', "a: 'npx lola fail' ended with 3: failed"],
    [{ a: ['npx lola fail', 'npx lola x'] }, [], 'RUN_FAILED', "a: 'npx lola fail' ended with 3: "],
  ])('%j is refused, and nothing is written', async (list, names, code, message) => {
    const lola =
      "if (process.argv[2] === 'fail') { process.exitCode = 3; if (!process.argv[3]) console.log('failed'); }";
    const silent = Array.isArray(list.a) ? lola.replace("console.log('failed')", '0') : lola;
    await expect(recordCommands(made(list, silent).root, names)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    expect(existsSync(join(clone!.root, 'episodes/recorded/commands.json'))).toBe(false);
  });
});
