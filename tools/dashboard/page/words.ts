// What the pictures show, in words and tables: for readers who cannot see them, and for notes. Pure.
import { percent } from '../../measure/text.js';
import type { Box, Cause, Picture, Row, Sample } from '../picture.js';

/** A table: the first row is its head. */
export type Table = readonly (readonly string[])[];

type Of<T> = (picture: Picture) => T;
/** Each panel of the page by its id: its words, and its table. */
export const PANELS: { readonly [id: string]: readonly [Of<string>, Of<Table>] } = {
  stream: [streamWords, streamTable],
  ledger: [ledgerWords, ledgerTable],
  progress: [progressWords, progressTable],
  rate: [rateWords, rateTable],
  workers: [workersWords, workersTable],
};

/** What each cause means, in the order of the legend. */
export const CAUSES: { readonly [cause in Cause]: string } = {
  compute: 'compute: a task runs',
  transfer: 'transfer: its value is on its way',
  dispatch: 'dispatch: a task is on its way',
  imbalance: 'imbalance: no task is left',
  failed: 'failed: the task threw',
  lost: 'lost: worker gone, or run cancelled',
};

/** A time in the unit that reads best, with three digits that count. */
export function duration(ms: number): string {
  if (ms >= 100_000) return `${(ms / 60_000).toFixed(1)} min`;
  if (ms >= 1000) return `${(ms / 1000).toPrecision(3)} s`;
  return ms >= 1 ? `${ms.toPrecision(3)} ms` : `${(ms * 1000).toFixed(0)} µs`;
}

/** A count with spaces between thousands; a rate to three digits. */
export function count(value: number): string {
  const digits = value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(3);
  return digits.replace(/\B(?=(\d{3})+$)/g, ' ');
}

function many(value: number, one: string): string {
  return `${count(value)} ${one}${value === 1 ? '' : 's'}`;
}

function sentences(...all: readonly (string | false)[]): string {
  return all.filter(Boolean).join(' ');
}

// ---- the task stream

export function streamWords({ rows, threadsNotDrawn, resolutionMs }: Picture): string {
  if (rows.length === 0) return 'There are no threads yet. Rows appear as workers join and tasks start.';
  const gone = new Set(rows.filter(({ left }) => left).map(({ worker }) => worker)).size;
  return sentences(
    `A row for each of ${many(rows.length, 'thread')}, time to the right.`,
    resolutionMs > 1 &&
      `Tasks under ${duration(resolutionMs)} are merged; the darker part shows how busy they were.`,
    gone > 0 && `${many(gone, 'worker')} left: the rows end there.`,
    threadsNotDrawn > 0 && `${many(threadsNotDrawn, 'more thread')} not drawn.`,
  );
}

function streamTable({ rows, start, now }: Picture): Table {
  const lines = rows.flatMap((row) => {
    const { worker, thread, left } = row;
    const told = boxesOf(row, start, now);
    if (left) told.push([`left: ${left.reason}`, duration(left.time - start), '']);
    return told.map((each) => [worker, String(thread), ...each]);
  });
  return [['worker', 'thread', 'what', 'from', 'for'], ...lines];
}

/** A box in words. The number of boxes stands for the running task. */
export function describeBox({ rows, start }: Picture, row: number, box: number, now: number): string {
  const { worker, thread } = rows[row];
  const told = boxesOf(rows[row], start, now)[box];
  return told ? `${told[0]}: ${worker}, thread ${thread}, from ${told[1]}, for ${told[2]}` : '';
}

/** Each box of a row: what it is, from when, for how long. The running task comes last. */
function boxesOf({ boxes, running }: Row, start: number, now: number): string[][] {
  const told = boxes.map((box) => {
    const busy = box.count > 1 ? `, busy for ${duration(box.busyMs)} of it` : '';
    return [nameOf(box), duration(box.start - start), duration(box.end - box.start) + busy];
  });
  const sofar = (from: number) => [duration(from - start), `${duration(now - from)} so far`];
  return running ? [...told, [`${running.task} (running)`, ...sofar(running.start)]] : told;
}

function nameOf({ count: tasks, task, cause, again }: Box): string {
  const more = again ? ', run again' : '';
  if (tasks > 1) return `${count(tasks)} tasks merged, the last is ${task}${more}`;
  return tasks === 1 ? `${task} (${cause}${more})` : cause;
}

// ---- the ledger

function ledgerWords({ ledger: { rows, makespanMs, threads } }: Picture): string {
  const compute = rows.find(({ name }) => name === 'compute');
  if (!compute) return 'Numbers appear when the first task has run.';
  const [largest] = rows.filter((row) => row !== compute).sort((a, b) => b.share - a.share);
  const rest = largest.share > 0 ? ` Most of the rest was ${largest.name}: ${percent(largest.share)}.` : '';
  const speedUp = (compute.share * threads).toFixed(2);
  return `${many(threads, 'thread')} for ${duration(makespanMs)}: ${percent(compute.share)} of their time went to compute, a speed-up of ${speedUp}.${rest}`;
}

function ledgerTable({ ledger }: Picture): Table {
  const rows = ledger.rows.map(({ name, seconds, share, meaning }) => [
    ...[name, duration(1000 * seconds), percent(share), meaning],
  ]);
  return [['cause', 'thread time', 'share', 'what it is'], ...rows];
}

// ---- progress

function progressWords({ run, progress, threads }: Picture): string {
  const { queued, waiting, running, finished, failed, dropped, retried } = progress;
  if (queued + finished + running === 0) return 'No task has been queued yet.';
  return sentences(
    `Run ${run}: ${count(finished)} of ${many(queued, 'task')} done, ${count(running)} running, ${count(waiting)} waiting.`,
    failed > 0 && `${many(failed, 'task')} failed.`,
    dropped > 0 && `${many(dropped, 'task')} dropped with the run.`,
    retried > 0 && `${count(retried)} lost and tried again.`,
    waiting > 0 && threads === 0 && 'There are 0 workers: start one with lola worker.',
  );
}

function progressTable({ progress }: Picture): Table {
  const states = Object.entries(progress) as [string, number][];
  return [['state', 'tasks'], ...states.map(([state, tasks]) => [state, count(tasks)])];
}

// ---- queue and rate

/** Tasks finished a second, between each sample and the one before. */
export function ratesOf(samples: readonly Sample[]): number[] {
  return samples.map(({ time, finished }, i) => {
    const before = samples[i - 1];
    return before && time > before.time ? (1000 * (finished - before.finished)) / (time - before.time) : 0;
  });
}

function rateWords({ samples, progress }: Picture): string {
  if (samples.length < 2) return 'Nothing to draw yet.';
  const rates = ratesOf(samples);
  const rate = progress.running + progress.waiting > 0 ? rates[rates.length - 1] : 0;
  const longest = Math.max(...samples.map(({ waiting }) => waiting));
  return `${count(rate)} tasks a second now, ${count(Math.max(...rates))} at most. ${count(progress.waiting)} waiting now, ${count(longest)} at most.`;
}

function rateTable({ samples, start }: Picture): Table {
  const rates = ratesOf(samples);
  const rows = samples.map(({ time, waiting, running, threads }, i) => [
    duration(Math.max(0, time - start)),
    ...[waiting, running, threads, rates[i]].map(count),
  ]);
  return [['time', 'waiting', 'running', 'threads', 'tasks a second'], ...rows];
}

// ---- workers

/** A worker that was heard so recently, at the last heartbeat or the one before, is heard now (ms). */
const RECENT_MS = 2500;

function workersWords({ workers, threads, progress }: Picture): string {
  const here = workers.filter(({ left }) => left === undefined).length;
  return `${many(here, 'worker')} with ${many(threads, 'thread')}, ${count(progress.running)} of them busy; ${count(workers.length - here)} left.`;
}

function workersTable({ workers, now }: Picture): Table {
  const rows = workers.map(({ name, threads, running, finished, failed, memoryBytes, lastHeard, left }) => [
    name,
    left === undefined ? 'here' : `left: ${left}`,
    ...[threads, running].map(count),
    memoryBytes === undefined ? '-' : `${count(Math.round(memoryBytes / 2 ** 20))} MiB`,
    ...[finished, failed].map(count),
    ago(now - lastHeard),
  ]);
  return [['worker', 'state', 'threads', 'busy', 'memory', 'done', 'failed', 'heard'], ...rows];
}

function ago(ms: number): string {
  if (ms < RECENT_MS) return 'now';
  return ms < 100_000 ? `${Math.round(ms / 1000)} s ago` : `${duration(ms)} ago`;
}
