// The runner says what Jupyter would, and more: each way in which a notebook can break, shown by one that does.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { Kernel } from '../support/kernel.js';
import { codeCell, notebookOf, soundNotebook } from '../support/made-up.js';
import {
  runNotebook,
  startRunner,
  textOf,
  type NotebookRun,
  type RunSettings,
} from '../support/notebook-runner.js';
import { hasTag, notebookFolder, solved, solvedInTurn } from '../support/notebook.js';
import { thorough } from '../support/thorough.js';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 }); // the runner has limits of its own; a busy machine starts a kernel in 10 s

/** Cells named a, b, c, ... */
const cellsOf = (sources: readonly string[]) => sources.map((source, i) => codeCell('abcdef'[i], source));
/** More lines than zeromq keeps for a reader that falls behind: 1 000 here, 1 000 there, and what a socket holds. */
const MANY = 30_000;
const told = (source: string) => codeCell('told', source, 'raises-exception');
const summary = ({ cells, problems }: NotebookRun) => ({
  statuses: cells.map(({ status }) => status).join(' '),
  problems,
});
const run = async (sources: readonly string[], settings?: RunSettings) =>
  summary(await runNotebook(notebookOf(cellsOf(sources)), settings));

/** Those that leave their kernel as it was share one, to start it once. */
let shared: NotebookRun[];
const exercise = soundNotebook();
beforeAll(async () => {
  const sound = [
    "console.log('one')",
    "import { piOf } from '../lib'; piOf(3, 4)",
    'console.log(process.env.LOLA_TRY)',
    "import { display } from 'tslab'; display.html('<b>2</b>')",
  ];
  const notebooks = [
    ...[notebookOf(cellsOf(sound)), exercise, solved(exercise), solvedInTurn(exercise)],
    notebookOf([codeCell('many', `for (let i = 0; i < ${MANY}; i++) console.log(i)`)]),
    notebookOf([told('1')]),
    notebookOf([told('throw new Error()'), codeCell('next', '2')]),
    notebookOf(cellsOf(['1', "throw new RangeError('out of range')", '3'])),
    notebookOf(cellsOf(["const n: number = 'ten';", 'console.log(n)'])),
    notebookOf(cellsOf(["Promise.reject(new Error('unheard')); 1", '2'])),
    notebookOf([told('throw new Error()')]),
  ];
  const { run, end } = await startRunner({ env: { LOLA_TRY: 'told' } });
  shared = [];
  for (const notebook of notebooks) shared.push(await run(notebook));
  expect(await end()).toEqual([]);
});

test('a notebook that is sound has no problem: text, data, the library, its environment, an exercise', () => {
  const [plain, ...rest] = shared.slice(0, 4);
  expect([plain, ...rest].flatMap(({ problems }) => problems)).toEqual([]);
  expect(plain.cells.map((cell) => textOf(cell))).toEqual(['one\n', '3\n', 'told\n', '']);
  expect(plain.cells[3].outputs).toMatchObject([{ type: 'display_data', data: { 'text/html': '<b>2</b>' } }]);
  const said = rest.map(({ cells }) =>
    cells.filter(({ cell }) => hasTag(cell, 'exercise')).map((cell) => textOf(cell)),
  );
  expect(said).toEqual([['not yet\n'], ['passed\n'], ['not yet\n', 'passed\n']]);
});

test('all that a cell prints arrives, however much', () => {
  const lines = textOf(shared[4].cells[0]).split('\n');
  expect(lines.findIndex((line, i) => line !== `${i}`)).toBe(MANY); // the last line is empty
  expect(lines.length).toBe(MANY + 1);
});

test('an error that is announced must come, and ends the run as in Jupyter', () => {
  expect(shared.slice(5, 7).map(summary)).toEqual([
    { statuses: 'ok', problems: ['told is tagged raises-exception, and ran without an error'] },
    { statuses: 'error abort', problems: ['next did not run'] },
  ]);
});

test('a notebook runs whatever became of the one before it, and an announced error is no problem', () => {
  expect(summary(shared[10])).toEqual({ statuses: 'error', problems: [] });
});

describe('a notebook that is broken', () => {
  test('a cell that throws fails with its own error, and what follows does not run', () => {
    expect(summary(shared[7])).toEqual({
      statuses: 'ok error abort',
      problems: [expect.stringMatching(/^b failed: [^]*RangeError: out of range/), 'c did not run'],
    });
  });

  test('a cell with a type error does not run', () => {
    const { statuses, problems } = summary(shared[8]);
    expect(statuses).toBe('error abort');
    expect(problems[0]).toBe("a failed: 1:7 - Type 'string' is not assignable to type 'number'.\n");
  });

  test('a rejection that nobody handles is found, though every cell ran', () => {
    const { statuses, problems } = summary(shared[9]);
    expect(statuses).toBe('ok ok');
    expect(problems).toEqual([
      expect.stringMatching(/, or a cell before it: UnhandledPromiseRejection: Error: unheard/),
    ]);
  });

  test('an error that comes after the last cell is found', async () => {
    const { statuses, problems } = await run(["setTimeout(() => { throw new Error('late'); }, 20); 1"]);
    expect(statuses).toBe('ok');
    expect(problems).toEqual([expect.stringMatching(/UncaughtException: Error: late$/)]); // after the cell or, on a busy machine, in it
  });

  test.each([
    ['a loop without end', 'for (;;);'],
    ...(thorough ? [['a promise without end', 'await new Promise(() => {});']] : []),
  ])('%s is stopped, and what follows does not run', async (_, source) => {
    const { statuses, problems } = await run([source, '2'], { cellTimeoutMs: 1_000 });
    expect(statuses).toBe('slow lost');
    expect(problems).toEqual(['a took too long, and was stopped: ', 'b did not run']);
  });

  test('a cell that ends the kernel is found, with the exit code', async () => {
    const { statuses, problems } = await run(['process.exit(3)', '2']);
    expect(statuses).toBe('lost lost');
    expect(problems).toEqual(['a, or a cell after it, ended the kernel with exit code 3: ', 'b did not run']);
  });

  test('something left open is found, and ended', async () => {
    const { statuses, problems } = await run(['setInterval(() => {}, 1000); 1'], { endTimeoutMs: 500 });
    expect(statuses).toBe('ok');
    expect(problems).toEqual(['the kernel ended by SIGKILL, not by itself: close what the cells open']);
  });
});

test.skipIf(process.platform === 'win32')(
  'the end of a test run ends the kernel, whatever it does and started',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lola-keeper-'));
    const keeper = fileURLToPath(new URL('../support/kernel-keeper.mjs', import.meta.url));
    const child =
      "require('child_process').spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'inherit' });";
    const kernel = `${child} console.error('up'); setImmediate(() => { for (;;); });`;
    const kept = spawn(process.execPath, [keeper, folder, '-e', kernel], { detached: true });
    await once(kept.stderr, 'data');
    kept.stdin.end(); // as when the process at its other end is gone
    await once(kept, 'close'); // when nobody holds its standard error any longer: keeper, kernel, the kernel's child
    expect(existsSync(folder)).toBe(false);
  },
);

/** A kernel for cells one by one, each with its status and its text. */
async function openKernel(folder: string) {
  const kernel = await Kernel.start(folder, {});
  /** For a moment after a cell that failed the kernel aborts whatever comes. */
  const next = async (code: string): Promise<string[]> => {
    const { outputs, status } = kernel.execute(code);
    const ended = await status;
    return ended === 'abort' ? next(code) : [ended, outputs.map(({ text }) => text).join('')];
  };
  const close = async () => {
    await kernel.shutdown(60_000);
    await kernel.kill();
  };
  return { next, close };
}

test.skipIf(process.platform === 'win32')(
  'an interrupt ends what the cell waits for, and leaves the executors to later cells',
  async () => {
    const { next, close } = await openKernel(notebookFolder);
    const start =
      "import * as L from '../lib'; const pool = await L.startPool({ workers: 1 }); const cluster = await L.startClusterExecutor({ workers: 1 });";
    expect(await next(start)).toEqual(['ok', '']);
    const interrupted = 'Interrupted. What this cell defines is not there.\n';
    const stop = "setTimeout(() => process.kill(process.pid, 'SIGINT'), 500);";
    for (const waiting of [
      'estimatePool(1e13, { executor: pool })',
      'estimateDistributed(1e13, { executor: cluster })',
      'estimateSerial(1e13)',
    ]) {
      const [status, text] = await next(`${stop} await L.${waiting}; console.log('went on');`);
      expect([status, text]).toEqual(['error', interrupted]);
    }
    const loop = "import { exec } from 'node:child_process'; exec(`kill -INT ${process.pid}`); for (;;) {}";
    expect(await next(loop)).toEqual(['error', interrupted]);
    await next("import { exec } from 'node:child_process'; const before = 1;");
    // as Jupyter does, which signals the kernel's whole group: that is how its thread beside the loop learns of it
    const group = '`sleep 0.3; pkill -INT -P ${process.pid} -x cat; kill -INT ${process.pid}`';
    for (const busy of ['for (;;) {}', 'for (;;) await null;', 'await pool.run([]); for (;;) {}'])
      expect(await next(`exec(${group}); await Promise.resolve(); ${busy}`)).toEqual(['error', interrupted]);
    expect(await next('before')).toEqual(['ok', '1\n']);
    const after =
      'const used = process.cpuUsage(); await new Promise((go) => setTimeout(go, 1000)); console.log(process.cpuUsage(used).user < 5e5);';
    expect(await next(after)).toEqual(['ok', 'true\n']);
    const counts = ['Pool(1e6, { executor: pool })', 'Distributed(1e6, { executor: cluster })'].map(
      (each) => `(await L.estimate${each}).inside`,
    );
    expect(
      await next(`console.log(${counts.join(' === ')}); await pool.close(); await cluster.close();`),
    ).toEqual(['ok', 'true\n']);
    await close();
  },
);

test('what a cell looked for in vain may come later, and change: the kernel sees it, and lives', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lola-late-'));
  const { next, close } = await openKernel(folder);
  const eventually = (code: string, text: string) =>
    vi.waitFor(async () => expect(await next(code)).toEqual(['ok', text]), {
      timeout: 60_000,
      interval: 300,
    });
  const [ofFile, ofPackage] = ["import { one } from './one'; one", "import { two } from 'two'; two"];
  for (const code of [ofFile, ofPackage])
    expect(await next(code)).toEqual(['error', expect.stringContaining('Cannot find module')]);
  writeFileSync(join(folder, 'one.ts'), 'export const one = 1;');
  await eventually(ofFile, '1\n');
  const place = join(folder, 'node_modules', 'two');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'index.js'), 'exports.two = 2;');
  writeFileSync(join(place, 'index.d.ts'), 'export const two: number;');
  writeFileSync(join(folder, 'one.ts'), 'export const one = 11;');
  await eventually(ofFile, '11\n');
  await eventually(ofPackage, '2\n');
  await close();
  rmSync(folder, { recursive: true });
});
