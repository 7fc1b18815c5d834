// A race of the stages: what is raced, and what came of it, as rows, tables and sentences. The CLI runs it.
import { piOf, standardErrorOf } from '../../lib/sampling/index.js';
import { fitAmdahl, karpFlatt, range, type Range } from './laws.js';
import type { NotMeasured, RaceResult, RaceRun, Racer } from './race-file.js';
import { percent, short } from './text.js';

/** What to race, and what cannot be measured here: a speed-up on cores that are not there would be a wrong number. */
export function racersOf(
  stages: readonly string[],
  workers: readonly number[],
  cores: number,
): { readonly racers: Racer[]; readonly notMeasured: NotMeasured[] } {
  const racers = stages.flatMap((stage) =>
    stage === 'serial' ? [{ stage, workers: 1 }] : workers.map((count) => ({ stage, workers: count })),
  );
  const reason = `not measurable here: this process may use ${cores} ${cores === 1 ? 'core' : 'cores'}`;
  const beyond = racers.filter((racer) => racer.workers > cores);
  return {
    racers: racers.filter((racer) => racer.workers <= cores),
    notMeasured:
      cores === 1 && beyond.length === 0
        ? [{ reason: `speed-ups are ${reason}` }]
        : beyond.map((racer) => ({ ...racer, reason })),
  };
}

/** The largest of 1, 2, 5, 10, 20, ... that is at most `samples`, and at least 1. */
export function roundSamples(samples: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, samples)));
  return Math.round(power) * ([5, 2].find((times) => times * power <= samples) ?? 1);
}

/** A racer's runs with one number of samples. */
export interface RaceRow extends Racer {
  readonly samples: number;
  readonly inside: number;
  readonly cold?: RaceRun;
  /** Of the warm runs; NaN where there is none. */
  readonly seconds: Range;
  readonly cpuSeconds: Range;
  /** Against the program without any executor, which is what Lola had, else against one worker of the same stage. */
  readonly speedUp?: Range;
  readonly efficiency?: Range;
  readonly peakBytes?: number;
}

/** A row for each number of samples and racer, in the order of the race. */
export function rowsOf(result: RaceResult): RaceRow[] {
  const groups = new Map<string, RaceRun[]>();
  const nameOf = (samples: number, stage: string, workers: number) => `${samples} ${stage} ${workers}`;
  for (const run of result.runs) {
    const name = nameOf(run.samples, run.stage, run.workers);
    groups.set(name, [...(groups.get(name) ?? []), run]);
  }
  const secondsOf = (...racer: Parameters<typeof nameOf>) =>
    range(warm(groups.get(nameOf(...racer))).map(({ seconds }) => seconds));
  return Array.from(groups.values(), (runs) => {
    const [{ stage, workers, samples, inside }] = runs;
    const seconds = secondsOf(samples, stage, workers);
    const serial = secondsOf(samples, 'serial', 1).median;
    const one = Number.isNaN(serial) ? secondsOf(samples, stage, 1).median : serial;
    const told = result.machine.coresAllotted > 1 && !Number.isNaN(one / seconds.median);
    const speedUp = { median: one / seconds.median, low: one / seconds.high, high: one / seconds.low };
    return {
      ...{ stage, workers, samples, inside, seconds },
      cold: runs.find(({ cold }) => cold),
      cpuSeconds: range(warm(runs).flatMap(({ cpuSeconds }) => cpuSeconds ?? [])),
      speedUp: told ? speedUp : undefined,
      efficiency: told ? perWorker(speedUp, workers) : undefined,
      peakBytes: result.memory.find((peak) => peak.stage === stage && peak.workers === workers)?.peakBytes,
    };
  });
}

function warm(runs: readonly RaceRun[] = []): readonly RaceRun[] {
  return runs.filter(({ cold }) => !cold);
}

function perWorker({ median, low, high }: Range, workers: number): Range {
  return { median: median / workers, low: low / workers, high: high / workers };
}

/** Numbers of samples for which the stages did not all count the same. */
export function disagreements({ runs }: RaceResult): number[] {
  const counts = new Map(runs.map(({ samples, inside }) => [samples, inside]));
  return [...new Set(runs.filter((run) => run.inside !== counts.get(run.samples)).map((run) => run.samples))];
}

/** The rows as text; the first is the head. */
export function tableOfRace(result: RaceResult): string[][] {
  const number = (value = NaN) => (Number.isNaN(value) ? '-' : short(value));
  const spread = ({ median, low, high }: Range) =>
    Number.isNaN(median) ? '-' : `${short(median)} (${short(low)}-${short(high)})`;
  const timed = ['cold s', 'warm s (range)', 'CPU s', 'speed-up (range)', 'efficiency', 'peak MB'];
  const rows = rowsOf(result).map(({ cold, speedUp, efficiency, peakBytes, ...row }) => [
    row.stage,
    String(row.workers),
    short(row.samples),
    cold ? short(cold.seconds + (cold.startupSeconds ?? 0)) : '-',
    spread(row.seconds),
    number(row.cpuSeconds.median),
    speedUp ? spread(speedUp) : '-',
    efficiency ? percent(efficiency.median) : '-',
    peakBytes === undefined ? '-' : (peakBytes / 2 ** 20).toFixed(0),
  ]);
  return [['stage', 'workers', 'samples', ...timed], ...rows];
}

/** Lola's progression: what each stage counted and how long it took, by its cold run if it has no other. */
export function progressionOf(result: RaceResult): string[][] {
  const head = ['stage', 'workers', 'samples', 'inside', 'pi', 'standard error', 'seconds', 'speed-up'];
  const rows = rowsOf(result).map(({ stage, workers, samples, inside, seconds, cold, speedUp }) => [
    stage,
    String(workers),
    short(samples),
    String(inside),
    piOf(inside, samples).toFixed(7),
    standardErrorOf(inside, samples).toExponential(1),
    (cold && Number.isNaN(seconds.median) ? cold.seconds : seconds.median).toPrecision(3),
    speedUp ? speedUp.median.toFixed(2) : '-',
  ]);
  return [head, ...rows];
}

/** The race in sentences: what was not measured, whether all counted alike and, with laws, each stage's serial part. */
export function findingsOf(result: RaceResult, laws = true): string[] {
  const missing = result.notMeasured.map(({ stage, workers, samples, reason }) => {
    const what = [stage, workers && `with ${workers} workers`, samples && `${short(samples)} samples`];
    const named = what.filter(Boolean).join(' ');
    return `${named ? `${named}: ` : ''}${reason}.`;
  });
  if (result.runs.length === 0) return [...missing, 'Nothing was measured.'];
  const wrong = disagreements(result);
  return [
    ...missing,
    wrong.length === 0
      ? 'One integer at every stage.'
      : `The stages do not agree at ${wrong.join(', ')} samples: this is a bug, please report it.`,
    ...(laws && result.machine.coresAllotted > 1 ? serialPartsOf(result) : []),
    ...(result.interrupted ? ['The race was stopped; this is what was done.'] : []),
  ];
}

/** Amdahl's serial part of each stage, or once why there is no fit; and Karp and Flatt's of its last run. */
function serialPartsOf(result: RaceResult): string[] {
  const refusals = new Set<string>();
  const lines = Object.entries(speedUpsOf(result)).flatMap(([stage, points]) => {
    const runs = warm(result.runs).filter(
      (run) => run.stage === stage && run.samples === mostSamples(result),
    );
    const { refused, text } = fitAmdahl(runs, result.machine.coresAllotted);
    if (refused) refusals.add(text);
    const last = points[points.length - 1];
    const parts = [...(refused ? [] : [text]), ...(last.workers > 1 ? [serialPartAt(last)] : [])];
    return parts.length > 0 ? [`${stage}: ${parts.join('; ')}.`] : [];
  });
  return [...lines, ...Array.from(refusals, (text) => `Amdahl's law: ${text}`)];
}

function serialPartAt({ workers, speedUp: { median } }: AtWorkers): string {
  return median < 1
    ? `with ${workers} workers slower than with one (speed-up ${short(median)}): the overhead was larger than the gain, so there is no serial part to compute`
    : `Karp-Flatt at ${workers} workers ${percent(karpFlatt(median, workers))}, overhead included`;
}

/** A speed-up at a number of workers. */
export interface AtWorkers {
  readonly workers: number;
  readonly speedUp: Range;
}

/** The measured speed-ups of each stage at the most samples: what the charts and the board show. */
export function speedUpsOf(result: RaceResult): { readonly [stage: string]: readonly AtWorkers[] } {
  const stages = new Map<string, AtWorkers[]>();
  for (const { stage, workers, samples, speedUp } of rowsOf(result)) {
    if (!speedUp || stage === 'serial' || samples !== mostSamples(result)) continue;
    stages.set(stage, [...(stages.get(stage) ?? []), { workers, speedUp }]);
  }
  return Object.fromEntries(stages);
}

function mostSamples({ runs }: RaceResult): number {
  return Math.max(...warm(runs).map(({ samples }) => samples));
}
