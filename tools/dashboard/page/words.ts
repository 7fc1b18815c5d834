// What the pictures say, in words and tables: for those who cannot see them, and for notes. Pure.
import { threadsHere, type Kind, type Lesson, type Picture, type Sample } from '../picture.js';

/** A table: its heads and rows; the first column and those in `words` hold words, the others numbers. */
export interface Table {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What each kind of box is called. */
export const KIND_WORDS: { readonly [kind in Kind]: string } = {
  task: 'task: computing',
  transfer: 'transfer: value on its way',
  wait: 'wait: a task is on its way (dispatch)',
  idle: 'idle: no task is left (imbalance)',
  failed: 'failed: the task threw',
  lost: 'lost: worker gone, or run cancelled',
};

/** A time in the unit that reads best, with three digits that count. */
export function duration(ms: number): string {
  if (ms < 0) return `-${duration(-ms)}`;
  if (ms >= 100_000) return `${(ms / 60_000).toFixed(1)} min`;
  if (ms >= 1000) return `${(ms / 1000).toPrecision(3)} s`;
  return ms >= 1 ? `${ms.toPrecision(3)} ms` : `${(ms * 1000).toFixed(0)} µs`;
}

/** A count with spaces between thousands; a rate to three digits. */
export function count(value: number): string {
  const rounded =
    value >= 100 || Number.isInteger(value) ? Math.round(value).toString() : value.toPrecision(3);
  return rounded.replace(/\B(?=(\d{3})+$)/g, ' ');
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/** Who spoke so lately, at the last heartbeat or the one before, is heard now (ms). */
const RECENT_MS = 2500;

function many(value: number, one: string): string {
  return `${count(value)} ${one}${value === 1 ? '' : 's'}`;
}

export function streamWords({ rows, threadsNotDrawn, resolutionMs }: Picture): string {
  if (rows.length === 0)
    return 'No thread has been heard of yet. Rows appear as workers join and tasks start.';
  const lost = new Set(rows.filter(({ left }) => left).map(({ worker }) => worker)).size;
  const merged =
    resolutionMs > 1
      ? ` Tasks under ${duration(resolutionMs)} are merged; the darker part shows how busy they were.`
      : '';
  const gone = lost > 0 ? ` ${many(lost, 'worker')} left: the rows end there.` : '';
  const more = threadsNotDrawn > 0 ? ` ${many(threadsNotDrawn, 'more thread')} not drawn.` : '';
  return `A row for each of ${many(rows.length, 'thread')}, time to the right.${merged}${gone}${more}`;
}

export function progressWords(picture: Picture): string {
  const { progress, lesson } = picture;
  const { queued, waiting, running, finished, failed, dropped, retried } = progress;
  if (queued + finished + running === 0) return 'No task has been queued yet.';
  const again =
    retried > 0 ? ` ${many(retried, 'try')} failed or lost and made again.`.replace('trys', 'tries') : '';
  const bad = failed > 0 ? ` ${many(failed, 'task')} failed.` : '';
  const given = dropped > 0 ? ` ${many(dropped, 'task')} dropped with the run.` : '';
  const alone = waiting > 0 && threadsHere(picture) === 0 ? ' 0 workers: start one with lola worker.' : '';
  return `Run ${Math.max(1, lesson.run)}: ${count(finished)} of ${many(queued, 'task')} done, ${count(running)} running, ${count(waiting)} waiting.${bad}${given}${again}${alone}`;
}

/** Tasks finished a second between samples; the last one's first. */
export function rates(samples: readonly Sample[]): number[] {
  return samples.map(({ time, finished }, i) => {
    const before = samples[i - 1];
    return before && time > before.time ? (1000 * (finished - before.finished)) / (time - before.time) : 0;
  });
}

export function rateWords({ samples, progress }: Picture): string {
  if (samples.length < 2) return 'Nothing to draw yet.';
  const all = rates(samples);
  const rate = progress.running + progress.waiting > 0 ? all[all.length - 1] : 0;
  const longest = Math.max(...samples.map(({ waiting }) => waiting));
  return `${count(rate)} tasks a second now, ${count(Math.max(...all))} at most. ${count(progress.waiting)} waiting now, ${count(longest)} at most.`;
}

export function workersWords(picture: Picture): string {
  const { workers } = picture;
  const here = workers.filter(({ left }) => left === undefined);
  const threads = threadsHere(picture);
  const running = here.reduce((sum, worker) => sum + worker.running, 0);
  return `${many(here.length, 'worker')} with ${many(threads, 'thread')}, ${count(running)} of them busy; ${count(workers.length - here.length)} left.`;
}

export function lessonWords({ rows, makespanMs, threads, points }: Lesson): string {
  const [compute] = rows.filter(({ name }) => name === 'compute');
  if (!compute) return 'Numbers appear when the first task has run.';
  const [largest] = rows.filter((row) => row !== compute).sort((a, b) => b.share - a.share);
  const rest = largest.share > 0 ? ` Most of the rest was ${largest.name}: ${percent(largest.share)}.` : '';
  const next =
    threads > 1 || points.some((point) => point.threads > 1)
      ? ''
      : ' Let a second thread join to see a speed-up.';
  return `${many(threads, 'thread')} for ${duration(makespanMs)}: ${percent(compute.share)} of their time went to compute.${rest}${next}`;
}

/** The numbers of the lesson, by name. */
export function lessonNumbers(lesson: Lesson): readonly (readonly [string, string])[] {
  const { threads, makespanMs, rows, basis, run } = lesson;
  const efficiency = rows.find(({ name }) => name === 'compute')?.share;
  return [
    ['threads P', count(threads)],
    ['makespan', duration(makespanMs)],
    ['speed-up', efficiency === undefined ? '-' : (efficiency * threads).toFixed(2)],
    ['efficiency', efficiency === undefined ? '-' : percent(efficiency)],
    ['Karp-Flatt', basis?.run === run && basis.karpFlatt !== undefined ? basis.karpFlatt.toFixed(3) : '-'],
  ];
}

export function streamTable({ rows, start }: Picture): Table {
  const lines = rows.flatMap(({ worker, thread, boxes, running, left }) => {
    const place = [worker, String(thread)];
    const told = boxes.map((box) => [
      ...place,
      boxName(box.count, box.task, KIND_WORDS[box.kind].split(':')[0], box.again),
      duration(box.start - start),
      duration(box.end - box.start),
    ]);
    if (running) told.push([...place, `${running.task} (running)`, duration(running.start - start), '']);
    if (left) told.push([...place, `left: ${left.reason}`, duration(left.time - start), '']);
    return told;
  });
  return {
    caption: 'Each box of the task stream',
    head: ['worker', 'thread', 'what', 'from', 'for'],
    rows: lines,
  };
}

/** What a box is, in a few words. */
export function boxName(tasks: number, task: string, kind: string, again: boolean): string {
  const more = again ? ', run again' : '';
  if (tasks > 1) return `${count(tasks)} tasks merged, the last is ${task}${more}`;
  return tasks === 1 ? `${task} (${kind}${more})` : kind;
}

export function progressTable({ progress }: Picture): Table {
  return {
    caption: 'Tasks of this run',
    head: ['state', 'tasks'],
    rows: Object.entries(progress).map(([name, value]) => [name, count(Number(value))]),
  };
}

export function rateTable({ samples, start }: Picture): Table {
  const all = rates(samples);
  const rows = samples.map(({ time, waiting, running, threads }, i) => [
    duration(Math.max(0, time - start)),
    count(waiting),
    count(running),
    count(threads),
    count(all[i]),
  ]);
  return {
    caption: 'Queue and rate over time',
    head: ['time', 'waiting', 'running', 'threads', 'tasks a second'],
    rows,
  };
}

export function workersTable({ workers, now }: Picture): Table {
  const rows = workers.map(({ name, threads, running, finished, failed, memoryBytes, lastHeard, left }) => [
    name,
    left === undefined ? 'here' : `left: ${left}`,
    count(threads),
    count(running),
    memoryBytes === undefined ? '-' : `${count(Math.round(memoryBytes / 2 ** 20))} MiB`,
    count(finished),
    count(failed),
    heardAgo(now - lastHeard),
  ]);
  return {
    caption: '',
    head: ['worker', 'state', 'threads', 'busy', 'memory', 'done', 'failed', 'heard'],
    rows,
  };
}

function heardAgo(ms: number): string {
  if (ms < RECENT_MS) return 'now';
  return ms < 100_000 ? `${Math.round(ms / 1000)} s ago` : `${duration(ms)} ago`;
}

export function ledgerTable({ lesson, causes }: Picture): Table {
  const rows = lesson.rows.map(({ name, seconds, share }) => [
    name,
    duration(1000 * seconds),
    percent(share),
    causes[name],
  ]);
  return {
    caption: 'Where threads x makespan went',
    head: ['row', 'thread time', 'share', 'what it is'],
    rows,
  };
}

export function pointsTable({ lesson: { points } }: Picture): Table {
  const rows = points.map(({ run, threads, makespanMs, speedUp, efficiency, karpFlatt }) => [
    String(run),
    count(threads),
    duration(makespanMs),
    speedUp.toFixed(2),
    percent(efficiency),
    karpFlatt === undefined ? '-' : karpFlatt.toFixed(3),
  ]);
  const caption =
    'Speed-up: compute time over makespan. It holds where one thread alone takes as long for each task.';
  return { caption, head: ['run', 'threads', 'makespan', 'speed-up', 'efficiency', 'Karp-Flatt'], rows };
}
