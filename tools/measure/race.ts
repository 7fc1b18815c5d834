// A race of the stages: what is raced, what came of it, and its tables and charts. The runs themselves are the CLI's.
import {
  crossoverChart,
  efficiencyChart,
  errorChart,
  escaped,
  short,
  speedUpChart,
  type AtWorkers,
  type Chart,
} from '../../lesson/charts/charts.js';
import { fitAmdahl, karpFlatt, percent, range, type Range } from './laws.js';
import { htmlTable, pictureOf } from '../../lesson/charts/plotly.js';
import type { Machine } from '../../lib/machine.js';
import { piOf, standardErrorOf } from '../../lib/sampling/estimate.js';

/** A stage with a number of workers. */
export interface Racer {
  readonly stage: string;
  readonly workers: number;
}

/** One run of a racer (see race.schema.json for each field). */
export interface RaceRun extends Racer {
  readonly samples: number;
  readonly cold: boolean;
  readonly seconds: number;
  readonly startupSeconds?: number;
  readonly cpuSeconds?: number;
  readonly inside: number;
  readonly kernel: string;
}

/** What was not measured, and why. */
export interface NotMeasured extends Partial<Racer> {
  readonly samples?: number;
  readonly reason: string;
}

/** The result, as `lola race --json` writes it. It names no host, no user and no path. */
export interface RaceResult {
  readonly format: 'lolas-pi.race.1';
  readonly nickname?: string;
  readonly prediction?: number;
  readonly machine: Machine;
  readonly seed: number | string;
  readonly repeats: number;
  readonly interrupted: boolean;
  readonly runs: readonly RaceRun[];
  readonly notMeasured: readonly NotMeasured[];
  readonly memory: readonly (Racer & { readonly peakBytes: number })[];
}

/** What to race, and what cannot be measured here: a speed-up on cores that are not there would be a wrong number. */
export function racersOf(
  stages: readonly string[],
  workers: readonly number[],
  cores: number,
): { readonly racers: Racer[]; readonly notMeasured: NotMeasured[] } {
  const asked = stages.flatMap((stage) =>
    stage === 'serial' ? [{ stage, workers: 1 }] : workers.map((count) => ({ stage, workers: count })),
  );
  const reason = `not measurable here: this process may use ${cores} ${cores === 1 ? 'core' : 'cores'}`;
  const beyond = asked.filter((racer) => racer.workers > cores);
  return {
    racers: asked.filter((racer) => racer.workers <= cores),
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
  readonly cold?: RaceRun;
  /** Of the warm runs: seconds, CPU seconds, speed-up and efficiency against the slowest way to do it, `serial`. */
  readonly seconds: Range;
  readonly cpuSeconds: Range;
  readonly speedUp?: Range;
  readonly efficiency?: Range;
  readonly inside: number;
  readonly peakBytes?: number;
}

/** A row for each number of samples and racer that has a warm run, in the order of the race. */
export function rowsOf({ runs, memory, machine }: RaceResult): RaceRow[] {
  const groups = new Map<string, RaceRun[]>();
  for (const run of runs) {
    const name = `${run.samples} ${run.stage} ${run.workers}`;
    groups.set(name, [...(groups.get(name) ?? []), run]);
  }
  const warmSeconds = (samples: number, stage: string, workers: number) =>
    range(
      (groups.get(`${samples} ${stage} ${workers}`) ?? [])
        .filter(({ cold }) => !cold)
        .map(({ seconds }) => seconds),
    ).median;
  return [...groups.values()].flatMap((all) => {
    const [{ stage, workers, samples, inside }] = all;
    const warm = all.filter(({ cold }) => !cold);
    if (warm.length === 0) return [];
    const seconds = range(warm.map((run) => run.seconds));
    // The program without any executor is what Lola had; where it was not raced, one worker of the same stage is.
    const serial = warmSeconds(samples, 'serial', 1);
    const one = Number.isNaN(serial) ? warmSeconds(samples, stage, 1) : serial;
    const speedUp = Number.isNaN(one) || machine.coresAllotted === 1 ? undefined : over(one, seconds);
    return {
      stage,
      workers,
      samples,
      inside,
      seconds,
      speedUp,
      cold: all.find(({ cold }) => cold),
      efficiency: speedUp && {
        median: speedUp.median / workers,
        low: speedUp.low / workers,
        high: speedUp.high / workers,
      },
      cpuSeconds: range(warm.flatMap(({ cpuSeconds }) => cpuSeconds ?? [])),
      peakBytes: memory.find((peak) => peak.stage === stage && peak.workers === workers)?.peakBytes,
    };
  });
}

function over(one: number, { median, low, high }: Range): Range {
  return { median: one / median, low: one / high, high: one / low };
}

/** Numbers of samples for which the stages did not all count the same. */
export function disagreements({ runs }: RaceResult): number[] {
  const counts = new Map<number, Set<number>>();
  for (const { samples, inside } of runs) counts.set(samples, (counts.get(samples) ?? new Set()).add(inside));
  return [...counts].filter(([, found]) => found.size > 1).map(([samples]) => samples);
}

/** The rows as text; the first is the head. */
export function tableOfRace(result: RaceResult): string[][] {
  const spread = (given?: Range) =>
    !given || Number.isNaN(given.median)
      ? '-'
      : `${short(given.median)} (${short(given.low)}-${short(given.high)})`;
  const head = [
    'stage',
    'workers',
    'samples',
    'cold s',
    'warm s (range)',
    'CPU s',
    'speed-up (range)',
    'efficiency',
    'peak MB',
  ];
  const rows = rowsOf(result).map((row) => [
    row.stage,
    String(row.workers),
    short(row.samples),
    row.cold ? short(row.cold.seconds + (row.cold.startupSeconds ?? 0)) : '-',
    spread(row.seconds),
    Number.isNaN(row.cpuSeconds.median) ? '-' : short(row.cpuSeconds.median),
    spread(row.speedUp),
    row.efficiency ? percent(row.efficiency.median) : '-',
    row.peakBytes === undefined ? '-' : (row.peakBytes / 2 ** 20).toFixed(0),
  ]);
  return [head, ...rows];
}

/** Lola's progression: what each stage counted and how long it took; where it was stopped early, by its cold runs. */
export function progressionOf({ runs, machine }: RaceResult): string[][] {
  const warm = runs.filter(({ cold }) => !cold);
  const racers = new Map<string, RaceRun[]>();
  for (const run of warm.length > 0 ? warm : runs) {
    const name = `${run.stage} ${run.workers} ${run.samples}`;
    racers.set(name, [...(racers.get(name) ?? []), run]);
  }
  const rows = Array.from(racers.values(), (all) => {
    const [{ stage, workers, samples, inside }] = all;
    return { stage, workers, samples, inside, seconds: range(all.map(({ seconds }) => seconds)).median };
  });
  const serial = (size: number) =>
    rows.find(({ stage, samples }) => stage === 'serial' && samples === size)?.seconds;
  const head = ['stage', 'workers', 'samples', 'inside', 'pi', 'standard error', 'seconds', 'speed-up'];
  return [
    head,
    ...rows.map(({ stage, workers, samples, inside, seconds }) => {
      const one = machine.coresAllotted > 1 ? serial(samples) : undefined;
      return [
        stage,
        String(workers),
        short(samples),
        String(inside),
        piOf(inside, samples).toFixed(7),
        standardErrorOf(inside, samples).toExponential(1),
        seconds.toPrecision(3),
        one === undefined ? '-' : (one / seconds).toFixed(2),
      ];
    }),
  ];
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
  const alike =
    wrong.length === 0
      ? 'One integer at every stage.'
      : `The stages do not agree at ${wrong.join(', ')} samples: this is a bug, please report it.`;
  const serialParts = laws && result.machine.coresAllotted > 1 ? serialPartsOf(result) : [];
  return [
    ...missing,
    alike,
    ...serialParts,
    ...(result.interrupted ? ['The race was stopped; this is what was done.'] : []),
  ];
}

/** Amdahl's serial part of each stage, or once why it cannot be told; and Karp and Flatt's of one run. */
function serialPartsOf(result: RaceResult): string[] {
  const [most, speedUps] = [largestOf(result), speedUpsOf(result)];
  const refusals = new Set<string>();
  const lines = Object.entries(speedUps).flatMap(([stage, points]) => {
    const runs = result.runs.filter((run) => run.stage === stage && run.samples === most && !run.cold);
    const { refused, text } = fitAmdahl(runs, result.machine.coresAllotted);
    if (refused) refusals.add(text);
    const { workers, speedUp } = points[points.length - 1];
    const karp = () =>
      speedUp.median < 1
        ? `with ${workers} workers slower than with one (speed-up ${short(speedUp.median)}): the overhead was larger than the gain, so no serial part can be told`
        : `Karp-Flatt at ${workers} workers ${percent(karpFlatt(speedUp.median, workers))}, overhead included`;
    const parts = [...(refused ? [] : [text]), ...(workers > 1 ? [karp()] : [])];
    return parts.length > 0 ? [`${stage}: ${parts.join('; ')}.`] : [];
  });
  return [...lines, ...Array.from(refusals, (text) => `Amdahl's law: ${text}`)];
}

/** The measured speed-ups of each stage at the most samples: what the charts and the board show. */
export function speedUpsOf(result: RaceResult): { readonly [stage: string]: readonly AtWorkers[] } {
  const rows = rowsOf(result).filter(
    ({ samples, stage }) => samples === largestOf(result) && stage !== 'serial',
  );
  const stages: { [stage: string]: AtWorkers[] } = {};
  for (const { stage, workers, speedUp } of rows)
    if (speedUp) (stages[stage] ??= []).push({ workers, speedUp });
  return stages;
}

function largestOf({ runs }: RaceResult): number {
  return Math.max(...runs.filter(({ cold }) => !cold).map(({ samples }) => samples));
}

/** The charts that the runs give something to show for. */
export function chartsOf(result: RaceResult): Chart[] {
  const rows = rowsOf(result);
  const speedUps = speedUpsOf(result);
  const sizes = [...new Set(rows.map(({ samples }) => samples))];
  const lines: { [racer: string]: { samples: number; seconds: Range }[] } = {};
  for (const { stage, workers, samples, seconds } of rows)
    (lines[`${stage}, ${workers}`] ??= []).push({ samples, seconds });
  const parallel = Object.values(speedUps).some((points) => points.some(({ workers }) => workers > 1));
  const estimates = sizes.map((samples) => ({
    samples,
    pi: piOf(rows.find((row) => row.samples === samples)!.inside, samples),
  }));
  return [
    ...(parallel ? [speedUpChart(speedUps), efficiencyChart(speedUps)] : []),
    ...(sizes.length > 1 ? [crossoverChart(lines), errorChart(estimates)] : []),
  ];
}

/** What a report of a race tells before its panels: findings, with laws or without, table and charts. */
export function raceSection(result: RaceResult, laws: boolean): string {
  const lines = [
    ...findingsOf(result, laws),
    'Below is how it ran: each racer has rows of its own, one turn after another. Progress and lesson are of the last turn.',
  ];
  const table = rowsOf(result).length > 0 ? tableOfRace(result) : progressionOf(result); // stopped in its cold runs
  return `<section id="race" aria-labelledby="race-title"><h2 id="race-title">The race</h2>
${contentOf(lines, table, chartsOf(result))}
</section>`;
}

/** A page of its own, without scripts and without anything from elsewhere: table and charts. */
export function pageOf(
  title: string,
  table: readonly (readonly string[])[],
  charts: readonly Chart[],
): string {
  const style =
    'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}table{border-collapse:collapse;font-size:14px}th,td{border-bottom:1px solid #ccc;padding:.3rem .6rem;text-align:right}th:first-child,td:first-child{text-align:left}.scroll{overflow-x:auto}img{max-width:100%}';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${style}</style></head>
<body><h1>${escaped(title)}</h1>
${contentOf([], table, charts)}
</body></html>
`;
}

function contentOf(
  lines: readonly string[],
  table: readonly (readonly string[])[],
  charts: readonly Chart[],
): string {
  const paragraphs = lines.map((line) => `<p>${escaped(line)}</p>`);
  const scrolled = `<div class="scroll" tabindex="0" role="group" aria-label="Table">${htmlTable(table)}</div>`;
  const pictures = `<div class="charts">${charts.map(pictureOf).join('\n')}</div>`;
  return [...paragraphs, scrolled, pictures].join('\n');
}

/** The machine in a line. */
export function machineLine({
  cpu,
  coresAllotted,
  coresSeen,
  memoryAllottedBytes,
  node,
  platform,
}: Machine): string {
  return `${cpu}, ${coresAllotted} of ${coresSeen} cores allotted, ${(memoryAllottedBytes / 2 ** 30).toFixed(1)} GB, Node ${node} on ${platform}`;
}
