// What must hold of a scheduler's state between any two events. Simulation and tests ask after each of them.
import { LOSSES_ALLOWED, lastAhead, mayTake, type SchedulerState } from './state.js';
import type { Batch, Client, Entry, Run } from './records.js';

/**
 * Checks a state.
 * @throws Error that names the first rule that is broken
 */
export function validate(state: SchedulerState): void {
  const places = new Set<Entry>();
  for (const client of state.clients.values()) checkClient(state, client, places);
  checkRule(
    state.waiting.size === count(state.clients.values(), ({ waiting }) => waiting.size > 0),
    'clients wait that have no tasks',
  );
  let threads = 0;
  let asked = 0;
  for (const worker of state.workers.values()) {
    const { name, draining, batches } = worker;
    threads += worker.threads;
    checkRule(batches.size <= 2 * worker.threads, `${name} has more than one batch ahead for each thread`);
    for (const [number, batch] of batches) {
      checkRule(batch.number === number && batch.worker === worker, `batch ${number} is not ${name}'s`);
      checkRule(
        batch.cancelled || batch.tasks.every((task) => isLive(state, task, batch)),
        `batch ${number} is of a run that is gone`,
      );
      asked += +batch.asked;
    }
    const suspects = count(batches.values(), ({ tasks }) => tasks[0].suspect);
    checkRule(
      suspects === worker.suspects && suspects <= 1,
      `${name} has ${suspects} suspects, and counts ${worker.suspects}`,
    );
    const [free, busy] = [state.free.has(worker), state.busy.has(worker)];
    checkRule(
      free === (!draining && batches.size < worker.threads),
      `${name} is wrongly ${free ? '' : 'not '}among the free`,
    );
    checkRule(
      state.loaded.has(worker) === (!draining && lastAhead(worker) !== undefined),
      `${name} is in the wrong row of the loaded`,
    );
    checkRule(
      busy === (!draining && !free && batches.size < 2 * worker.threads),
      `${name} is wrongly ${busy ? '' : 'not '}among the busy`,
    );
  }
  checkRule(threads === state.threads, `${state.threads} threads are counted, ${threads} are there`);
  checkRule(asked === state.asked, `${state.asked} batches are counted as asked for, ${asked} are`);
  for (const row of [state.free, state.busy, state.loaded]) {
    for (const worker of row)
      checkRule(state.workers.get(worker.peer) === worker, `${worker.name} is gone and still in a row`);
  }
  for (const worker of [...state.free, ...state.busy]) {
    for (const { waiting } of state.waiting) {
      for (const run of waiting)
        checkRule(!mayTake(worker, run), `run ${run.number} waits although ${worker.name} has room`);
    }
  }
}

function checkClient(state: SchedulerState, client: Client, places: Set<Entry>): void {
  checkRule(state.waiting.has(client) === client.waiting.size > 0, `${client.name} is in the wrong row`);
  checkRule(client.waiting.size <= client.runs.size, `${client.name} waits for a run that is gone`);
  for (const pace of client.paces.values()) {
    let queued = 0;
    for (const run of client.runs.values()) if (run.pace === pace) queued += run.queue.length;
    checkRule(
      pace.queued === queued,
      `${client.name} has ${queued} tasks of a kind, ${pace.queued} are counted`,
    );
  }
  for (const [number, run] of client.runs) {
    checkRule(run.number === number && run.client === client, `run ${number} is not ${client.name}'s`);
    checkRule(!run.over && run.counted === run.queue.length, `run ${number} is over, or counted wrongly`);
    checkRule(run.queue.length + run.batches.size > 0, `run ${number} is done and still there`);
    checkRule(client.waiting.has(run) === run.queue.length > 0, `run ${number} is in the wrong row`);
    checkRun(run, places);
  }
}

/** Every task is in one place: in its run's queue, or in one batch. */
function checkRun(run: Run, places: Set<Entry>): void {
  const before = places.size;
  let tasks = 0;
  for (const task of run.queue) {
    places.add(task);
    tasks++;
    checkRule((task.losses?.length ?? 0) <= LOSSES_ALLOWED, `${task.key} was lost too often and still waits`);
    checkRule(task.thrown <= run.retries, `${task.key} threw too often and still waits`);
  }
  checkRule(tasks === run.queue.length, `run ${run.number} counts its queue wrongly`);
  for (const batch of run.batches) {
    const own = batch.tasks.filter((task) => task.run === run);
    checkRule(own.length > 0, `batch ${batch.number} is in the wrong run`);
    checkRule(
      batch.worker.batches.get(batch.number) === batch,
      `batch ${batch.number} is with a worker that does not have it`,
    );
    checkRule(
      batch.tasks.length === 1 || !batch.tasks.some(({ suspect }) => suspect),
      `batch ${batch.number} mixes a suspect with others`,
    );
    for (const task of own) places.add(task);
    tasks += own.length;
  }
  checkRule(places.size - before === tasks, `run ${run.number} has a task in two places`);
}

function isLive(state: SchedulerState, { run }: Entry, batch: Batch): boolean {
  const live = state.clients.get(run.client.peer) === run.client && run.client.runs.get(run.number) === run;
  return live && run.batches.has(batch);
}

function count<T>(items: Iterable<T>, test: (item: T) => boolean): number {
  let found = 0;
  for (const item of items) found += +test(item);
  return found;
}

function checkRule(holds: boolean, broken: string): void {
  if (!holds) throw new Error(`scheduler state: ${broken}`);
}
