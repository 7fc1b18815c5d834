// The page's side of a kernel: it runs cells in a Web Worker, one after the other, and can always stop them.
import { Checking } from './checking.js';
import type { FromKernel, Output, OutputMessage, RoomRequest, ToKernel } from './protocol.js';

/** A kernel that does not answer an interrupt in this time is ended and replaced (ms). */
const MOST_SILENCE_MS = 300;

/** `idle`: no cell runs or waits to run. `lost`: the worker was replaced, and the names of all cells with it. */
export type KernelState = 'idle' | 'busy' | 'lost';

/** How the run of a cell ended. */
export interface Ended {
  readonly ok: boolean;
  /** The number of the run, as in Jupyter's In [3]; 0 where the cell did not run. */
  readonly count: number;
}

export interface KernelOptions {
  /** What cells find in process.env. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called at each change. For `lost`, `why` is a sentence for the reader. */
  readonly onState?: (state: KernelState, why?: string) => void;
  /** Called for what cells ask of the room. */
  readonly onRoom?: (request: RoomRequest) => void;
}

interface Request {
  readonly cell: string;
  readonly code: string;
  readonly end: (ended: Ended) => void;
}

/** Runs the cells of one notebook. */
export class Kernel {
  private worker: Worker;
  private ready = false;
  private broken = false; // the worker did not load
  private running: Request | undefined;
  private queue: Request[] = [];
  private readonly listeners = new Map<string, (message: OutputMessage) => void>();
  private impatient: ReturnType<typeof setTimeout> | undefined;
  private limited: ReturnType<typeof setTimeout> | undefined;
  private readonly checking = new Checking();

  constructor(private readonly options: KernelOptions = {}) {
    this.worker = this.open();
  }

  /** Loads the checker of types: until then every cell passes. Resolves when it is there, or cannot be loaded. */
  loadChecker(): Promise<void> {
    return this.checking.load();
  }

  /**
   * Runs a cell after those that were asked for before. Never rejects: errors are outputs.
   * @param onOutput called for all outputs of this cell until it is run again, also after its end
   */
  run(cell: string, code: string, onOutput: (message: OutputMessage) => void): Promise<Ended> {
    return new Promise((end) => {
      this.listeners.set(cell, onOutput);
      this.queue.push({ cell, code, end });
      if (this.broken) this.worker = this.open();
      this.next();
    });
  }

  /** Stops the cell that runs, and drops those that wait for it. If it computes and cannot listen, all names are lost. */
  interrupt(): void {
    this.drop();
    if (!this.running || this.impatient) return;
    this.post({ type: 'interrupt' });
    this.impatient = setTimeout(
      () => this.replace('The cell was computing, so it was stopped with its kernel.'),
      MOST_SILENCE_MS,
    );
  }

  /** Ends the worker with all that it started, and starts a new one. */
  restart(): void {
    this.drop();
    this.replace('The kernel was restarted.');
  }

  /** Ends the worker with all that it started. */
  close(): void {
    this.drop();
    this.worker.terminate();
    this.checking.close();
    this.finish({ ok: false, count: 0 });
  }

  private open(): Worker {
    this.broken = false;
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<FromKernel>) => this.receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      if (this.ready) this.replace(`The kernel ended: ${event.message || 'it ran out of memory'}.`);
      else this.giveUp();
    };
    worker.postMessage({ type: 'start', env: this.options.env ?? {} } satisfies ToKernel);
    return worker;
  }

  private post(message: ToKernel): void {
    this.worker.postMessage(message);
  }

  private receive(message: FromKernel): void {
    if (message.type === 'ready') {
      this.ready = true;
      this.next();
    } else if (message.type === 'done') {
      this.finish(message);
      this.next();
    } else if (message.type === 'room') this.options.onRoom?.(message.request);
    else if (message.type === 'limit') this.limit(message);
    else this.listeners.get(message.cell)?.(message);
  }

  private limit({ cell, ms, verdict }: Extract<FromKernel, { type: 'limit' }>): void {
    clearTimeout(this.limited);
    if (ms === undefined) return;
    const stop = () => {
      this.show(cell, { output_type: 'stream', name: 'stdout', text: `${verdict}\n` });
      this.replace('A check was stopped after its time limit, and the kernel with it.');
    };
    // A page that was busy itself hears first what the kernel has said meanwhile.
    this.limited = setTimeout(() => (this.limited = setTimeout(stop, MOST_SILENCE_MS)), ms);
  }

  private next(): void {
    if (!this.ready || this.running) return;
    this.running = this.queue.shift();
    if (!this.running) return this.tell('idle');
    this.tell('busy');
    void this.checkAndRun(this.running);
  }

  private async checkAndRun(request: Request): Promise<void> {
    const { cell, code } = request;
    const wrong = await this.checking.check(code);
    if (request !== this.running) return; // it was interrupted
    if (wrong.length === 0) return this.post({ type: 'run', cell, code });
    this.show(cell, { output_type: 'stream', name: 'stderr', text: `${wrong.join('\n')}\n` });
    this.finish({ ok: false, count: 0 });
    this.next();
  }

  private finish({ ok, count }: Ended): void {
    clearTimeout(this.impatient);
    clearTimeout(this.limited);
    this.impatient = undefined;
    const ended = this.running;
    this.running = undefined;
    ended?.end({ ok, count });
  }

  private replace(why: string): void {
    this.worker.terminate();
    this.checking.reset();
    this.ready = false;
    const error = { ename: 'KernelInterrupted', evalue: why, traceback: [`KernelInterrupted: ${why}`] };
    if (this.running) this.show(this.running.cell, { output_type: 'error', ...error });
    this.finish({ ok: false, count: 0 });
    this.drop();
    this.tell('lost', `${why} The names of all cells are lost: run the cells above again.`);
    this.worker = this.open();
  }

  /** No new worker before somebody asks for one: it would not load either. */
  private giveUp(): void {
    const why = 'The kernel did not load. Is this page still served? Run a cell to try again.';
    this.broken = true;
    for (const { cell } of this.queue) this.show(cell, { output_type: 'stream', name: 'stderr', text: why });
    this.drop();
    this.tell('lost', why);
  }

  private show(cell: string, output: Output): void {
    this.listeners.get(cell)?.({ type: 'output', cell, output });
  }

  private drop(): void {
    for (const { end } of this.queue.splice(0)) end({ ok: false, count: 0 });
  }

  private tell(state: KernelState, why?: string): void {
    this.options.onState?.(state, why);
  }
}
