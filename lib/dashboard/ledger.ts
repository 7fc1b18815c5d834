// Where the threads' time went, kept while events come in: every moment of every thread goes to one account, once.
import { amdahl, karpFlatt } from '../measure/laws.js';
import type { Lesson, Point, Spent } from './picture.js';

/** An account of the ledger. */
export type Account = keyof Spent;

const NOTHING: Spent = { computeMs: 0, transferMs: 0, waitMs: 0, idleMs: 0, lostMs: 0 };
/** A stretch with one number of threads is a point of the chart from this length on (ms): threads come up one by one. */
const SHORTEST_POINT_MS = 200;
const MOST_POINTS = 30;

/** A stretch of time with one number of threads. */
interface Phase {
  readonly start: number;
  readonly threads: number;
  readonly spent: { -readonly [account in Account]: number };
}

/** The accounts of one run, apart for each number of threads, and the points of earlier runs. */
export class Ledger {
  private phases: Phase[] = [];
  private points: Point[] = [];
  run = 0;

  /** A run begins: its accounts are empty. Points of the last one stay for comparison. */
  begin(start: number, threads: number, lastEnd: number): void {
    this.points = this.pointsUntil(lastEnd);
    this.run += 1;
    this.phases = [{ start, threads, spent: { ...NOTHING } }];
  }

  /** From `time` on there are so many threads. */
  setThreads(time: number, threads: number): void {
    const last = this.phases[this.phases.length - 1];
    if (last && threads !== last.threads)
      this.phases.push({ start: Math.max(time, last.start), threads, spent: { ...NOTHING } });
  }

  /** Puts from..to of one thread to an account; a stretch across phases is divided among them. */
  spend(account: Account, from: number, to: number): void {
    let end = to;
    for (let i = this.phases.length - 1; i >= 0 && end > from; i--) {
      const { start, spent } = this.phases[i];
      const begin = i === 0 ? from : Math.max(from, start);
      if (begin >= end) continue;
      spent[account] += end - begin;
      end = begin;
    }
  }

  /** A copy that may spend what is not settled yet without a trace here. */
  fork(): Ledger {
    const copy = new Ledger();
    copy.run = this.run;
    copy.points = this.points;
    copy.phases = this.phases.map((phase) => ({ ...phase, spent: { ...phase.spent } }));
    return copy;
  }

  lesson(threads: number, end: number): Lesson {
    const spent = { ...NOTHING } as Phase['spent'];
    for (const phase of this.phases) for (const name of ACCOUNTS) spent[name] += phase.spent[name];
    const makespanMs = this.phases.length > 0 ? Math.max(0, end - this.phases[0].start) : 0;
    const points = this.pointsUntil(end);
    const basis = basisOf(points);
    return { run: this.run, threads, makespanMs, spent, points, basis, amdahl: curveOf(basis) };
  }

  /** The speed-up is compute time over makespan: exact where one thread alone would take as long for each task. */
  private pointsUntil(end: number): Point[] {
    const own = this.phases.flatMap(({ start, threads, spent }, i) => {
      const makespanMs = (this.phases[i + 1]?.start ?? end) - start;
      const speedUp = spent.computeMs / makespanMs;
      if (makespanMs < SHORTEST_POINT_MS || threads === 0 || speedUp === 0) return [];
      const serial = threads > 1 ? { karpFlatt: karpFlatt(speedUp, threads) } : {};
      return [{ run: this.run, threads, makespanMs, speedUp, efficiency: speedUp / threads, ...serial }];
    });
    return [...this.points, ...own].slice(-MOST_POINTS);
  }
}

export const ACCOUNTS = Object.keys(NOTHING) as readonly Account[];

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
