// The file that `lola race --json` writes, and how it is read. It names no host, no user and no path.
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { InvalidArgumentError } from '../../lib/errors.js';

const whole = (least: number) => v.pipe(v.number(), v.safeInteger(), v.minValue(least));
const notNegative = v.pipe(v.number(), v.finite(), v.minValue(0));
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const racer = { stage: v.string(), workers: whole(1) };

/** Times are in seconds, memory is in bytes. */
const RaceSchema = v.strictObject({
  format: v.literal('lolas-pi.race.1'),
  /** What the board shows. */
  nickname: v.optional(v.pipe(v.string(), v.maxLength(40))),
  /** The best speed-up that was predicted before the race. */
  prediction: v.optional(positive),
  machine: v.object({
    node: v.string(),
    platform: v.string(),
    arch: v.string(),
    cpu: v.string(),
    coresSeen: whole(1),
    coresAllotted: whole(1),
    memoryBytes: notNegative,
    memoryAllottedBytes: notNegative,
  }),
  seed: v.union([v.pipe(v.number(), v.safeInteger()), v.string()]),
  /** Warm runs of each racer. */
  repeats: whole(1),
  /** Stopped before its end: `runs` has what was done. */
  interrupted: v.boolean(),
  /** In the order in which they ran. */
  runs: v.array(
    v.strictObject({
      ...racer,
      samples: whole(1),
      /** The first run of its process: code is not compiled yet. */
      cold: v.boolean(),
      /** With the executor up. */
      seconds: positive,
      /** What the executor took to come up; at the cold run. */
      startupSeconds: v.optional(notNegative),
      /** Of all threads; absent for a stage whose workers are processes of their own, if the system cannot tell. */
      cpuSeconds: v.optional(notNegative),
      /** The count, equal for all runs with the same samples and seed. */
      inside: whole(0),
      kernel: v.picklist(['reference', 'simd']),
    }),
  ),
  /** What was asked for and not measured, and why. */
  notMeasured: v.array(
    v.strictObject({ ...v.partial(v.object({ ...racer, samples: whole(1) })).entries, reason: v.string() }),
  ),
  /** The most memory that the process of each racer held, with its workers. */
  memory: v.array(v.strictObject({ ...racer, peakBytes: whole(1) })),
});

/** The result of a race. */
export type RaceResult = v.InferOutput<typeof RaceSchema>;
export type RaceRun = RaceResult['runs'][number];
export type NotMeasured = RaceResult['notMeasured'][number];
/** A stage with a number of workers. */
export type Racer = Pick<RaceRun, 'stage' | 'workers'>;

/**
 * Reads a result that `lola race --json` wrote, here or elsewhere.
 * @throws InvalidArgumentError with the first mistakes, if it is no such file
 */
export function readRace(file: string): RaceResult {
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new InvalidArgumentError(
      `${file}: ${(cause as Error).message}. Give a file that lola race --json wrote.`,
    );
  }
  const { success, output, issues } = v.safeParse(RaceSchema, given);
  if (success) return output;
  const mistakes = issues.slice(0, 3).map(describe).join('; ');
  throw new InvalidArgumentError(
    `${file} is no result of a race: ${mistakes}. Give a file that lola race --json wrote.`,
  );
}

/** Where the mistake is, what belongs there, and what is there instead. */
function describe(issue: v.BaseIssue<unknown>): string {
  const expected = issue.expected === 'never' ? 'no such field' : `${issue.expected}`;
  return `${v.getDotPath(issue) ?? 'the file'} must be ${expected}, got ${issue.received}`;
}
