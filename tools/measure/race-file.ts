// The file that `lola race --json` writes, and how it is read. It names no host, no user and no path.
import * as v from 'valibot';
import { textOf } from '../../lib/atomic.js';
import { InvalidArgumentError } from '../../lib/errors.js';

const whole = (least: number) => v.pipe(v.number(), v.safeInteger(), v.minValue(least));
const notNegative = v.pipe(v.number(), v.finite(), v.minValue(0));
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const ADVICE = 'Give a file with what lola race wrote: its --json or its --line.';
const racer = { stage: v.string(), workers: whole(1) };

/** Times are in seconds, memory is in bytes. */
const RaceSchema = v.strictObject({
  format: v.literal('lolas-pi.race.1'),
  nickname: v.optional(v.pipe(v.string(), v.maxLength(40))), // on the board
  prediction: v.optional(positive), // the best speed-up, as predicted before the race
  machine: v.object({
    ...{ node: v.string(), platform: v.string(), arch: v.string(), cpu: v.string() },
    ...{ coresSeen: whole(1), coresAllotted: whole(1) },
    ...{ memoryBytes: notNegative, memoryAllottedBytes: notNegative },
  }),
  seed: v.union([v.pipe(v.number(), v.safeInteger()), v.string()]),
  repeats: whole(1), // warm runs of each racer
  interrupted: v.boolean(), // stopped before its end: `runs` has what was done
  runs: v.array(
    v.strictObject({
      ...racer,
      samples: whole(1),
      cold: v.boolean(), // the first run of its process: code is not compiled yet
      seconds: positive, // with the executor up
      startupSeconds: v.optional(notNegative), // what the executor took to come up; at the cold run
      cpuSeconds: v.optional(notNegative), // of all threads; absent if the system cannot tell
      inside: whole(0), // the count, equal for all runs with the same samples and seed
      kernel: v.picklist(['reference', 'simd']),
    }),
  ),
  notMeasured: v.array(
    v.strictObject({ ...v.partial(v.object({ ...racer, samples: whole(1) })).entries, reason: v.string() }),
  ),
  memory: v.array(v.strictObject({ ...racer, peakBytes: whole(1) })), // the most that each racer's processes held
});

/** The result of a race. */
export type RaceResult = v.InferOutput<typeof RaceSchema>;
export type RaceRun = RaceResult['runs'][number];
export type NotMeasured = RaceResult['notMeasured'][number];
/** A stage with a number of workers. */
export type Racer = Pick<RaceRun, 'stage' | 'workers'>;

/** Reads what `lola race --json` wrote, here or elsewhere. @throws InvalidArgumentError with the first mistakes */
export function readRace(file: string): RaceResult {
  let given: unknown;
  try {
    given = JSON.parse(textOf(file));
  } catch (cause) {
    throw new InvalidArgumentError(`${file}: ${(cause as Error).message}. ${ADVICE}`);
  }
  const { success, output, issues } = v.safeParse(RaceSchema, given);
  if (success) return output;
  const mistakes = issues.slice(0, 3).map(describe).join('; ');
  throw new InvalidArgumentError(`${file} is not the result of a race: ${mistakes}. ${ADVICE}`);
}

/** Where the mistake is, what belongs there, and what is there instead. */
function describe(issue: v.BaseIssue<unknown>): string {
  const expected = issue.expected === 'never' ? 'no such field' : `${issue.expected}`;
  return `${v.getDotPath(issue) ?? 'the file'} must be ${expected}, got ${issue.received}`;
}
