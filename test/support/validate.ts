// What must hold of the scheduler's machine between any two events. Simulation and tests check it after each of them.
import { mayTake, type Assignment, type Client, type Entry, type Line } from '../../lib/cluster/records.js';
import { LOSSES_ALLOWED, type SchedulerMachine } from '../../lib/cluster/scheduler.js';

/**
 * Checks a scheduler's machine.
 * @throws Error that names the first rule that is broken
 */
export function validate(machine: SchedulerMachine): void {
  const places = new Set<Entry>();
  for (const client of machine.clients.values()) checkClient(machine, client, places);
  let threads = 0;
  for (const worker of machine.workers.values()) {
    const { name, leaving, assignments } = worker;
    threads += worker.threads;
    rule(assignments.size <= worker.threads, `${name} has more batches than threads`);
    for (const [number, assignment] of assignments) {
      const isOwn = assignment.batch.number === number && assignment.worker === worker;
      rule(isOwn, `batch ${number} is not ${name}'s`);
      if (assignment.batch.assignments.has(assignment)) checkBatch(machine, assignment);
    }
    // A batch that is over may hold a task that became a suspect elsewhere: it is no longer this worker's.
    const suspects = count(assignments.values(), (each) => {
      const { assignments: held, tasks } = each.batch;
      return held.has(each) && tasks[0].suspect;
    });
    rule(suspects <= 1, `${name} has several suspects`);
    const free = machine.free.has(worker);
    rule(
      free === (!leaving && assignments.size < worker.threads),
      `${name} is wrongly ${free ? '' : 'not '}free`,
    );
  }
  rule(threads === machine.threads, `${machine.threads} threads are counted, ${threads} are there`);
  for (const worker of machine.free) {
    rule(machine.workers.get(worker.peer) === worker, `${worker.name} is gone and still free`);
    for (const line of machine.waiting)
      rule(!mayTake(worker, line), `a line waits although ${worker.name} has room`);
  }
  for (const line of machine.waiting) {
    rule(line.queue.length > 0, 'a line waits that has no tasks');
    rule(machine.clients.get(line.client.peer) === line.client, 'a line waits whose client is gone');
  }
}

/** Every task of a client is in one place: in its line's queue, or in one batch. */
function checkClient(machine: SchedulerMachine, client: Client, places: Set<Entry>): void {
  const queued = new Map<Line, number>();
  for (const line of client.lines.values()) {
    const waits = line.queue.length > 0 && !client.congested;
    rule(machine.waiting.has(line) === waits, `${client.name} has a line in the wrong place`);
    queued.set(line, 0);
  }
  for (const [id, entry] of client.entries) {
    rule(entry.id === id && entry.line.client === client, `task ${id} is not ${client.name}'s`);
    rule(entry.losses.length <= LOSSES_ALLOWED, `${entry.key} was lost too often and still there`);
    rule(entry.losses.length === 0 || entry.suspect, `${entry.key} was lost and is no suspect`);
    rule(!places.has(entry), `${entry.key} is in two places`);
    places.add(entry);
    if (!entry.batch) queued.set(entry.line, queued.get(entry.line)! + 1);
    else
      rule(
        entry.batch.tasks.includes(entry) && entry.batch.assignments.size > 0,
        `${entry.key} is in no batch`,
      );
  }
  for (const [line, waiting] of queued)
    rule(line.queue.length === waiting, `${line.queue.length} tasks are in a queue, ${waiting} say so`);
}

/** A batch that is not over: all of its tasks are wanted, and each worker that it is with knows of it. */
function checkBatch(machine: SchedulerMachine, { batch }: Assignment): void {
  const { number, tasks, assignments } = batch;
  const [{ line }] = tasks;
  rule(
    tasks.every((task) => task.line === line && task.batch === batch),
    `batch ${number} holds another's tasks`,
  );
  const isAlone = tasks.length === 1 && assignments.size === 1;
  rule(isAlone || !tasks.some(({ suspect }) => suspect), `batch ${number} is a suspect and not alone`);
  const { entries, peer } = line.client;
  rule(machine.clients.get(peer) === line.client, `batch ${number} is of a client that is gone`);
  rule(
    tasks.every((task) => entries.get(task.id) === task),
    `batch ${number} has tasks that nobody wants`,
  );
  for (const { worker } of assignments)
    rule(worker.assignments.get(number)?.batch === batch, `${worker.name} does not know of batch ${number}`);
}

function count<T>(items: Iterable<T>, test: (item: T) => boolean): number {
  let found = 0;
  for (const item of items) found += +test(item);
  return found;
}

function rule(holds: boolean, broken: string): void {
  if (!holds) throw new Error(`scheduler: ${broken}`);
}
