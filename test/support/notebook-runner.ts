// Runs a notebook as Jupyter's 'Run All' does, with Node alone: all cells are queued at once in the real kernel, and a
// cell that fails aborts what follows. Unlike nbconvert it shows the error, and finds rejections that nobody handled.
import { Kernel, within, type Output, type Status } from './kernel.js';
import { hasTag, notebookFolder, sourceOf, type Cell, type Notebook } from './notebook.js';

/** A code cell after a run. */
export interface CellRun {
  readonly cell: Cell;
  /** 'slow': stopped after the time a cell may take. */
  readonly status: Status | 'slow';
  readonly outputs: readonly Output[];
}

export interface NotebookRun {
  readonly cells: readonly CellRun[];
  /** What went wrong, in words; empty where all is well. */
  readonly problems: readonly string[];
}

export interface RunSettings {
  /** Where the kernel starts, and so where '../lib' is looked for. */
  readonly folder?: string;
  /** Added to the kernel's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** The longest that a cell may take, and the kernel's end after the last one. */
  readonly cellTimeoutMs?: number;
  readonly endTimeoutMs?: number;
}

/** Runs all code cells of a notebook and ends their kernel. */
export async function runNotebook(notebook: Notebook, settings: RunSettings = {}): Promise<NotebookRun> {
  const { run, end } = await startRunner(settings);
  const ran = await run(notebook).finally(end); // a second end gives what the first one did
  return { ...ran, problems: [...ran.problems, ...(await end())] };
}

/** A kernel for several notebooks: to start it takes longer than to run most of them. */
export interface Runner {
  /** Runs a notebook, whatever became of the one before it. */
  readonly run: (notebook: Notebook) => Promise<NotebookRun>;
  /** Ends the kernel; gives what went wrong after the last cell, and what is still open. */
  readonly end: () => Promise<string[]>;
}

export async function startRunner({
  folder = notebookFolder,
  env = {},
  cellTimeoutMs = 300_000,
  endTimeoutMs = 60_000,
}: RunSettings = {}): Promise<Runner> {
  const kernel = await Kernel.start(folder, env);
  let ended: Promise<string[]> | undefined;
  let stopped = false;
  /** What goes wrong after the last cell has no cell to show it: let it go to the process's own standard error. */
  const openStderr = async () => {
    // For a moment after a cell that failed the kernel aborts whatever comes.
    while ((await kernel.execute('delete process.stderr.write').status) === 'abort');
  };
  const run = async (notebook: Notebook) => {
    const cells = await runCells(kernel, notebook, cellTimeoutMs);
    stopped ||= cells.some(({ status }) => status === 'slow' || status === 'lost');
    await within(cellTimeoutMs, openStderr());
    return { cells, problems: problemsOf(cells, kernel) };
  };
  const end = async () => {
    await kernel.shutdown(endTimeoutMs);
    await kernel.kill();
    return problemsOfEnd(stopped, kernel);
  };
  return { run, end: () => (ended ??= end()) };
}

/** The cells of a notebook that are run. */
export const codeCells = ({ cells }: Notebook): Cell[] =>
  cells.filter((cell) => cell.cell_type === 'code' && sourceOf(cell).trim() !== '');

async function runCells(kernel: Kernel, notebook: Notebook, timeoutMs: number): Promise<CellRun[]> {
  const runs: CellRun[] = [];
  for (const { cell, request } of codeCells(notebook).map((cell) => ({
    cell,
    request: kernel.execute(sourceOf(cell)),
  }))) {
    const inTime = await within(timeoutMs, request.status);
    runs.push({ cell, status: inTime ? await request.status : 'slow', outputs: request.outputs });
    if (!inTime) await kernel.kill();
  }
  return runs;
}

/** All that a cell wrote, or that part of it that went to one stream. */
export function textOf({ outputs }: CellRun, stream?: 'stdout' | 'stderr'): string {
  return outputs
    .filter(({ name }) => name && (!stream || name === stream))
    .map(({ text }) => text)
    .join('');
}

function problemsOf(cells: readonly CellRun[], { end = 'not at all' }: Kernel): string[] {
  const firstBad = cells.find(({ status }) => status !== 'ok');
  return cells.flatMap((run) => {
    const { cell, status } = run;
    const written = textOf(run, 'stderr');
    const found = unhandledIn(written).map((line) => `${cell.id}, or a cell before it: ${line}`);
    const errorWanted = hasTag(cell, 'raises-exception');
    if (errorWanted && status === 'ok')
      found.push(`${cell.id} is tagged raises-exception, and ran without an error`);
    else if (status === 'ok' || (errorWanted && status === 'error')) return found;
    else if (run !== firstBad) found.push(`${cell.id} did not run`);
    else if (status === 'slow') found.push(`${cell.id} took too long, and was stopped: ${written}`);
    else if (status === 'lost')
      found.push(`${cell.id}, or a cell after it, ended the kernel ${end}: ${written}`);
    else found.push(`${cell.id} failed: ${written}`);
    return found;
  });
}

function problemsOfEnd(stopped: boolean, { end, stderr }: Kernel): string[] {
  const open =
    stopped || end === 'with exit code 0'
      ? []
      : [`the kernel ended ${end}, not by itself: close what the cells open`];
  return [...unhandledIn(stderr), ...open];
}

/** A kernel that is asked before all its sockets are bound says this of itself; it has nothing to do with a notebook. */
const STARTING = 'Error: Socket is blocked by a bind or unbind operation';

/** What tslab writes of an error that no code caught. */
function unhandledIn(written: string): string[] {
  const found = written.match(/^(UnhandledPromiseRejection|UncaughtException): .*/gm) ?? [];
  return found.filter((line) => !line.endsWith(STARTING));
}
