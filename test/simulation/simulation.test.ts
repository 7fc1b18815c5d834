import seedrandom from 'seedrandom';
import { describe, expect, test } from 'vitest';
import { ClientMachine, type ClientEvent } from '../../lib/cluster/client.js';
import type { NetAction } from '../../lib/cluster/state-machine.js';
import type { ToScheduler } from '../../lib/cluster/messages.js';
import type { SchedulerEvent } from '../../lib/cluster/records.js';
import { SchedulerMachine, type SchedulerAction } from '../../lib/cluster/scheduler.js';
import { WorkerMachine, type WorkerAction, type WorkerEvent } from '../../lib/cluster/worker.js';
import {
  FAULTS,
  type Fault,
  type Machines,
  type SimulationOptions,
  type SimulationResult,
} from '../../lib/simulation/options.js';
import { simulate, storyOf } from '../../lib/simulation/simulation.js';
import { validate } from '../support/validate.js';

/** 200 here, 10 000 in CI, 100 000 in the soak test; LOLA_FIRST_SEED starts elsewhere. */
const SIMULATIONS = Number(process.env.LOLA_SIMULATIONS ?? 200);
const FIRST_SEED = Number(process.env.LOLA_FIRST_SEED ?? 0);

/** A cluster of 2 to 200 workers and 50 to 2 000 tasks, small ones more often, with up to three of each fault. */
function planOf(seed: number): SimulationOptions {
  const random = seedrandom(`plan-${seed}`);
  const between = (least: number, most: number) =>
    Math.round(least * Math.exp(random() * random() * Math.log(most / least)));
  const workers = between(2, 200);
  const tasks = between(50, 2000);
  const meanMs = 0.1 * Math.exp(random() * Math.log(1e4));
  const few = () => Math.floor(4 * random() * random());
  const faults = Object.fromEntries(
    FAULTS.filter((fault) => fault !== 'slow').map((fault) => [fault, few()]),
  );
  const every = workers * tasks < 5000 ? 1 : 100; // after every event where that is quick
  let events = 0;
  return {
    seed,
    workers,
    tasks,
    threads: 1 + Math.floor(3 * random()),
    clients: 1 + Math.floor(3 * random()),
    runs: Math.ceil(8 * random() * random()),
    taskMs: (index) => meanMs * (0.2 + (1.6 * ((index * 7919) % 101)) / 100),
    latencyMs: 0.05 * Math.exp(6 * random()),
    perTaskMs: random() < 0.5 ? 0 : 0.05,
    throws: (index) => index % 31 === seed % 31,
    check: (machine) => {
      if (events++ % every === 0) validate(machine);
    },
    faults: { ...faults, slow: few() },
  };
}

/** What every task must have given. */
function sumWithout(tasks: number, left: ReadonlySet<number>): number {
  let sum = 0;
  for (let i = 0; i < tasks; i++) if (!left.has(i)) sum += 3 * i + 1;
  return sum;
}

/** Runs one seed and compares its counts; the seed is in the message of whatever fails. */
function runSeed(seed: number): { faults: ReadonlyMap<Fault, number>; lost: number } {
  const options = planOf(seed);
  try {
    const { counted, sum, lost, threw, faults } = simulate(options);
    const throwing = Array.from({ length: options.tasks }, (_, i) => i).filter((i) => options.throws!(i));
    const left = new Set([...lost.keys(), ...throwing]);
    expect({ counted, sum, threw: threw.toSorted((a, b) => a - b) }).toEqual({
      counted: options.tasks - left.size,
      sum: sumWithout(options.tasks, left),
      threw: throwing.filter((i) => !lost.has(i)),
    });
    // A task that kills nobody is given up only where four workers really were lost while they had it.
    for (const ended of lost.values()) expect(ended.length).toBe(4);
    return { faults, lost: lost.size };
  } catch (cause) {
    throw new Error(`seed ${seed} (${JSON.stringify({ ...options, check: undefined })})`, { cause });
  }
}

describe('simulated clusters', () => {
  test(`${SIMULATIONS} of them, under every kind of fault, count exactly`, { timeout: 36_000_000 }, () => {
    const total = new Map<Fault, number>(FAULTS.map((fault) => [fault, 0]));
    let lost = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SIMULATIONS; seed++) {
      const result = runSeed(seed);
      for (const [fault, count] of result.faults) total.set(fault, total.get(fault)! + count);
      lost += result.lost;
    }
    for (const [fault, count] of total)
      expect(count, `faults of the kind '${fault}'`).toBeGreaterThanOrEqual(SIMULATIONS / 10);
    expect(lost, 'tasks given up by chance').toBeLessThanOrEqual(SIMULATIONS / 100);
  });

  // 32795: a stalled worker joined again, and what its old connection still brought filled the queue of the new one.
  // 3484: a client heard of its workers before its welcome, took the cluster for empty, and kept its last task.
  // 42175: a worker had not yet answered for two cancelled batches when their tasks became suspects elsewhere: the check was wrong.
  test.each([32795, 3484, 42175])('seed %i, which once found a mistake, counts exactly', (seed) => {
    runSeed(seed);
  });

  test('the same seed gives the same run', () => {
    const options: SimulationOptions = {
      seed: 7,
      workers: 5,
      tasks: 200,
      taskMs: 3,
      faults: { crash: 2, late: 3 },
    };
    expect(simulate(options)).toEqual(simulate(options));
    expect(simulate({ ...options, seed: 8 }).makespanMs).not.toBe(simulate(options).makespanMs);
  });

  // Each of these plants one bug in one machine. A simulation that catches none of them proves nothing.
  describe('a planted bug is caught', () => {
    /** Seeds whose simulation fails or counts wrongly with these machines, of 100 that count exactly with the real ones. */
    const caught = (machines: Machines, faults: SimulationOptions['faults'], more = {}): number => {
      let found = 0;
      for (let seed = 0; seed < 100; seed++) {
        const options: SimulationOptions = {
          seed,
          workers: 4,
          tasks: 200,
          taskMs: 5,
          faults,
          check: validate,
          ...more,
        };
        const isExact = (result: SimulationResult) =>
          result.counted + result.lost.size === 200 &&
          result.sum === sumWithout(200, new Set(result.lost.keys()));
        expect(isExact(simulate(options))).toBe(true);
        try {
          found += +!isExact(simulate({ ...options, machines }));
        } catch {
          found++;
        }
      }
      return found;
    };

    test('a scheduler that does not check which batch a result answers', () => {
      class Unchecked extends SchedulerMachine {
        override handle(event: SchedulerEvent, now: number): readonly SchedulerAction[] {
          if (event.type === 'message' && event.message.op === 'done') {
            const assignments = this.workers.get(event.peer)?.assignments;
            const [running] = assignments?.has(event.message.batch) ? [] : (assignments?.values() ?? []);
            if (running && event.message.count <= running.batch.tasks.length)
              return super.handle(
                { ...event, message: { ...event.message, batch: running.batch.number } },
                now,
              );
          }
          return super.handle(event, now);
        }
      }
      expect(caught({ scheduler: Unchecked }, { doubled: 8 })).toBeGreaterThan(0);
    });

    test('a client that does not send again what was lost with its connection', () => {
      class Forgetful extends ClientMachine {
        private welcomes = 0;
        override handle(event: ClientEvent, now: number): readonly NetAction<ToScheduler>[] {
          const actions = super.handle(event, now);
          const isWelcome = event.type === 'message' && event.message.op === 'welcome';
          return isWelcome && this.welcomes++ > 0 ? [] : actions;
        }
      }
      expect(caught({ client: Forgetful }, { restart: 2, clientLost: 2 })).toBeGreaterThan(0);
    });

    test('a worker that answers twice', () => {
      class Twice extends WorkerMachine {
        override handle(event: WorkerEvent, now: number): readonly WorkerAction[] {
          const actions = super.handle(event, now);
          const again = actions.filter((action) => action.type === 'send' && action.message.op === 'done');
          return event.type === 'ended' && event.batch % 17 === 0 ? [...actions, ...again] : actions;
        }
      }
      expect(caught({ worker: Twice }, {})).toBeGreaterThan(0);
    });

    test('a scheduler that forgets a suspect', () => {
      class Trusting extends SchedulerMachine {
        override handle(event: SchedulerEvent, now: number): readonly SchedulerAction[] {
          const actions = super.handle(event, now);
          for (const { entries } of this.clients.values())
            for (const task of entries.values()) task.suspect = false;
          return actions;
        }
      }
      expect(caught({ scheduler: Trusting }, {}, { killers: new Map([[3, 'worker']]) })).toBeGreaterThan(0);
    });

    test('a scheduler that gives a suspect to a second worker', () => {
      class Reckless extends SchedulerMachine {
        override handle(event: SchedulerEvent, now: number): readonly SchedulerAction[] {
          const all = [...this.clients.values()].flatMap(({ entries }) => [...entries.values()]);
          const suspects = event.type === 'tick' ? all.filter(({ suspect, batch }) => suspect && batch) : [];
          for (const task of suspects) task.suspect = false;
          const actions = super.handle(event, now);
          for (const task of suspects) task.suspect = true;
          return actions;
        }
      }
      expect(caught({ scheduler: Reckless }, { slow: 8, crash: 8 }, { taskMs: 300 })).toBeGreaterThan(0);
    });
  });

  test.each(['thread', 'worker'] as const)(
    'a task that always kills its %s is given up after four, alone, and named',
    (kind) => {
      const killers = new Map([
        [3, kind],
        [77, kind],
      ]);
      for (let seed = 0; seed < 20; seed++) {
        const { counted, sum, lost } = simulate({
          seed,
          workers: 6,
          threads: 2,
          tasks: 300,
          taskMs: 0.5,
          killers,
          check: validate,
        });
        expect([...lost.keys()].sort((a, b) => a - b)).toEqual([3, 77]);
        for (const ended of lost.values()) {
          expect(ended.length).toBe(4);
          for (const how of ended)
            expect(how).toMatch(
              kind === 'thread' ? /^worker-\d+: exit code 3$/ : /^worker-\d+: connection closed$/,
            );
        }
        expect({ counted, sum }).toEqual({ counted: 298, sum: sumWithout(300, new Set([3, 77])) });
      }
    },
  );

  test('a task that throws ends with its error, and the tasks beside it count', () => {
    const throws = (index: number) => index % 10 === 0;
    const { counted, threw } = simulate({
      seed: 1,
      workers: 3,
      tasks: 100,
      taskMs: 1,
      throws,
      check: validate,
    });
    expect(counted).toBe(90);
    expect(threw.toSorted((a, b) => a - b)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
  });

  test('a worker that dies after it has finished, before its result arrives, costs one more try and changes no count', () => {
    let seen = 0;
    for (let seed = 0; seed < 50; seed++) {
      const options: SimulationOptions = {
        seed,
        workers: 2,
        tasks: 20,
        taskMs: 100,
        latencyMs: 200,
        faults: { crash: 2 },
        check: validate,
      };
      const { counted, sum } = simulate(options);
      expect({ counted, sum }).toEqual({ counted: 20, sum: sumWithout(20, new Set()) });
      for (let task = 0; task < 20; task++)
        seen += +storyOf(options, task).some((line) => line.includes('(lost with its sender): done'));
    }
    expect(seen).toBeGreaterThan(0);
  });

  test('Poisson kills: half of all workers crash, one after the other, and the count is exact', () => {
    for (let seed = 0; seed < 10; seed++) {
      const options: SimulationOptions = {
        seed,
        workers: 20,
        tasks: 2000,
        taskMs: 30,
        faults: { crash: 10 },
        check: undefined,
      };
      expect(simulate(options)).toMatchObject({ counted: 2000, sum: sumWithout(2000, new Set()) });
    }
  });

  test('a story tells the way of one task, also of the fault it met', () => {
    const options: SimulationOptions = { seed: 0, workers: 2, tasks: 10, taskMs: 100, faults: { crash: 6 } };
    const story = storyOf(options, 9);
    expect(story.filter((line) => /submit|assign|started|done/.test(line)).length).toBeGreaterThanOrEqual(4);
    expect(story.some((line) => line.includes('crash: worker-'))).toBe(true);
  });

  test('the story that notebook 06 tells is that of a task which its worker was running as it crashed', () => {
    const faulty = { seed: 1, workers: 3, tasks: 30, taskMs: 20, latencyMs: 1, faults: { crash: 1 } };
    const told = storyOf(faulty, 21).map((line) => line.replace(/^[\d.]+ ms {2}/, ''));
    expect(told.slice(1)).toEqual([
      'scheduler -> worker-1: assign batch 12',
      'worker-1 -> scheduler: started batch 12',
      'crash: worker-1',
      'scheduler -> worker-2: assign batch 15',
      'worker-2 -> scheduler: started batch 15',
      'worker-2 -> scheduler: done batch 15',
    ]);
  });

  test('tasks of equal length keep all threads busy to the end, on 2 workers as on 200', () => {
    for (const workers of [2, 20, 200]) {
      const { efficiency } = simulate({
        seed: 0,
        workers,
        tasks: 20 * workers,
        taskMs: 100,
        perTaskMs: 0.002,
      });
      expect(efficiency).toBeGreaterThan(0.95);
    }
  });

  test('a worker that becomes fifty times slower does not hold up the end', () => {
    let slowed = 0;
    for (let seed = 0; seed < 20; seed++) {
      const options = { seed, workers: 4, tasks: 400, taskMs: 200, check: validate };
      const { makespanMs, counted, sum, faults } = simulate({ ...options, faults: { slow: 1 } });
      slowed += faults.get('slow')!;
      expect({ seed, counted, sum }).toEqual({ seed, counted: 400, sum: sumWithout(400, new Set()) });
      // Without the slow worker's share the others have a third more to do; ten tasks at a fiftieth last 100 s.
      expect(makespanMs).toBeLessThan((4 / 3) * simulate(options).makespanMs + 1500);
    }
    expect(slowed).toBeGreaterThan(10);
  });

  test('nothing lies ahead of a worker: short tasks do not wait behind a long one', () => {
    const taskMs = (index: number) => (index === 0 ? 10_000 : 100);
    const { makespanMs } = simulate({ seed: 0, workers: 2, tasks: 50, taskMs });
    expect(makespanMs).toBeLessThan(10_200);
  });

  test('small tasks travel in batches: messages are few beside tasks', () => {
    const { messages, efficiency } = simulate({
      seed: 0,
      workers: 4,
      tasks: 20_000,
      taskMs: 0.2,
      perTaskMs: 0.002,
    });
    expect(messages).toBeLessThan(4000);
    expect(efficiency).toBeGreaterThan(0.9);
  });
});
