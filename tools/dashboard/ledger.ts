// The run's ledger (measure/ledger.ts) as the dashboard shows it, and compute time apart for each number of threads.
import { LedgerBook } from '../measure/ledger.js';
import { amdahl, karpFlatt } from '../measure/laws.js';
import type { ExecutorEvent } from '../../lib/task/executor.js';
import type { Lesson, Point } from './picture.js';

/** A stretch with one number of threads is a point of the chart from this length on (ms): threads come up one by one. */
const SHORTEST_POINT_MS = 200;
const MOST_POINTS = 30;

/** A stretch of time with one number of threads. */
interface Phase {
  readonly start: number;
  readonly threads: number;
  readonly computeMs: number;
}

/** The ledger of one run, and the points of earlier runs. */
export class Ledger {
  private phases: Phase[] = [];
  private points: Point[] = [];
  private book = new LedgerBook(0);
  /** Who came and went since the last task was told of: they are of this run if it goes on. */
  private held: ExecutorEvent[] = [];
  private lastArrival = 0;
  run = 0;

  /** A run begins, with `waiting` tasks queued: its ledger is empty. Points of the last one stay for comparison. */
  begin(start: number, threads: number, lastEnd: number, waiting: number): void {
    this.points = this.pointsUntil(lastEnd, this.phases);
    this.run += 1;
    this.phases = [{ start, threads, computeMs: 0 }];
    this.book = new LedgerBook(start);
    this.held = [];
    this.lastArrival = start;
    for (let i = 0; i < Math.max(1, waiting); i++) this.add({ type: 'queued', task: '', time: start });
  }

  /** Takes an event on the receiver's clock, none before the run began, a thread's tasks one after the other. */
  add(event: ExecutorEvent): void {
    if (event.type === 'joined' || event.type === 'left') return void this.held.push(event);
    if (this.held.length > 0) this.tellHeld();
    this.book.add(event);
    if (event.type !== 'finished') return;
    this.lastArrival = Math.max(this.lastArrival, event.time);
    this.phases = withCompute(this.phases, event.start, event.end);
  }

  /** From `time` on there are so many threads. */
  setThreads(time: number, threads: number): void {
    const last = this.phases[this.phases.length - 1];
    if (last && threads !== last.threads)
      this.phases.push({ start: Math.max(time, last.start), threads, computeMs: 0 });
  }

  private tellHeld(): void {
    for (const event of this.held.splice(0)) this.book.add(event);
  }

  /** @param running when the tasks began that run now */
  lesson(until: number, running: readonly number[]): Lesson {
    if (running.length > 0) this.tellHeld();
    const start = this.phases[0]?.start ?? until;
    const end = Math.max(until, this.lastArrival);
    const { threads, rows } = end > start ? this.book.ledger({ ended: end }) : { threads: 0, rows: [] };
    const phases = running.reduce((all, began) => withCompute(all, began, end), this.phases);
    const points = this.pointsUntil(end, phases);
    const basis = basisOf(points);
    const makespanMs = Math.max(0, end - start);
    return { run: this.run, threads, makespanMs, rows, points, basis, amdahl: curveOf(basis) };
  }

  /** The speed-up is compute time over makespan: exact where one thread alone would take as long for each task. */
  private pointsUntil(end: number, phases: readonly Phase[]): Point[] {
    const own = phases.flatMap(({ start, threads, computeMs }, i) => {
      const makespanMs = Math.min(end, phases[i + 1]?.start ?? end) - start;
      const speedUp = computeMs / makespanMs;
      if (makespanMs < SHORTEST_POINT_MS || threads === 0 || speedUp === 0) return [];
      const serial = threads > 1 ? { karpFlatt: karpFlatt(speedUp, threads) } : {};
      return [{ run: this.run, threads, makespanMs, speedUp, efficiency: speedUp / threads, ...serial }];
    });
    return [...this.points, ...own].slice(-MOST_POINTS);
  }
}

/** Phases with from..to more of compute time; a stretch across phases is divided among them. */
function withCompute(phases: readonly Phase[], from: number, to: number): Phase[] {
  return phases.map((phase, i) => {
    const begin = i === 0 ? from : Math.max(from, phase.start);
    const end = Math.min(to, phases[i + 1]?.start ?? to);
    return end > begin ? { ...phase, computeMs: phase.computeMs + end - begin } : phase;
  });
}

function basisOf(points: readonly Point[]): Point | undefined {
  const shared = points.filter(({ threads }) => threads > 1);
  const run = shared[shared.length - 1]?.run;
  const size = ({ threads, makespanMs }: Point) => threads * makespanMs;
  return shared.filter((point) => point.run === run).sort((a, b) => size(b) - size(a))[0];
}

function curveOf(basis: Point | undefined): Lesson['amdahl'] {
  if (basis?.karpFlatt === undefined) return [];
  const parallel = Math.min(1, Math.max(0, 1 - basis.karpFlatt));
  const most = Math.max(8, 2 * basis.threads);
  return Array.from({ length: most }, (_, i) => ({ threads: i + 1, speedUp: amdahl(parallel, i + 1) }));
}
