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
  return (await runNotebooks([notebook], settings))[0];
}

/**
 * Runs notebooks one after the other in one kernel, and ends it. Only the last may have a cell that fails, since the kernel
 * aborts what comes within a moment after it; the last one also has the problems of the kernel's end.
 */
export async function runNotebooks(
  notebooks: readonly Notebook[],
  { folder = notebookFolder, env = {}, cellTimeoutMs = 300_000, endTimeoutMs = 60_000 }: RunSettings = {},
): Promise<NotebookRun[]> {
  const kernel = await Kernel.start(folder, env);
  const all: CellRun[][] = [];
  try {
    for (const notebook of notebooks) all.push(await runCells(kernel, notebook, cellTimeoutMs));
    // What goes wrong after the last cell has no cell to show it: let it go to the process's own standard error.
    await within(cellTimeoutMs, kernel.execute('delete process.stderr.write').status);
    await kernel.shutdown(endTimeoutMs);
  } finally {
    await kernel.kill();
  }
  return all.map((cells, i) => {
    const problemsAtEnd = i === all.length - 1 ? problemsOfEnd(cells, kernel) : [];
    return { cells, problems: [...problemsOf(cells, kernel), ...problemsAtEnd] };
  });
}

async function runCells(kernel: Kernel, { cells }: Notebook, timeoutMs: number): Promise<CellRun[]> {
  const code = cells.filter((cell) => cell.cell_type === 'code' && sourceOf(cell).trim() !== '');
  const runs: CellRun[] = [];
  for (const { cell, request } of code.map((cell) => ({ cell, request: kernel.execute(sourceOf(cell)) }))) {
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

function problemsOfEnd(cells: readonly CellRun[], { end, stderr }: Kernel): string[] {
  const stopped = cells.some(({ status }) => status === 'slow' || status === 'lost');
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
