// What devices and the instructor may tell a room, as schemas: all is checked against them before anything else looks at it.
import * as v from 'valibot';

const finite = v.pipe(v.number(), v.finite());
const positive = v.pipe(finite, v.gtValue(0));
const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const predicted = v.pipe(finite, v.minValue(-1e12), v.maxValue(1e12)); // no more than charts can scale
const few = v.pipe(whole, v.maxValue(4096));
const text = (most: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(most));
/** Longest names, of predictions and exercises; longest words of ours about a wrong answer (characters). */
const [MOST_NAME, MOST_SLIP] = [60, 300];
const MOST_POINTS = 24;

const RangeSchema = v.pipe(
  v.strictObject({ median: positive, low: positive, high: positive }),
  v.check(({ low, median, high }) => low <= median && median <= high),
);
/** The speed-up at some number of workers. Eight times theirs is beyond any cache, and would flatten everybody's chart. */
const PointSchema = v.pipe(
  v.strictObject({ workers: few, speedUp: RangeSchema }),
  v.check(({ workers, speedUp }) => speedUp.high <= 8 * workers),
);

/** The speed-ups of one stage on one machine, with the range of its runs. */
export const TimingSchema = v.strictObject({
  nickname: v.optional(text(40)),
  cpu: v.pipe(v.string(), v.maxLength(100)),
  cores: few,
  samples: whole,
  stage: v.pipe(text(20), v.regex(/^[\w .-]+$/)),
  /** The best speed-up, as predicted before the race. */
  prediction: v.optional(positive),
  points: v.pipe(v.array(PointSchema), v.minLength(1), v.maxLength(MOST_POINTS)),
});
export type Timing = v.InferOutput<typeof TimingSchema>;

/** One answer. The last one of a device counts: of a vote's round, of a prediction's name, and of timings. */
export const AnswerSchema = v.variant('kind', [
  v.strictObject({
    kind: v.literal('vote'),
    vote: text(20),
    round: v.picklist([1, 2]),
    choice: v.pipe(v.string(), v.regex(/^[A-H]$/)),
  }),
  v.strictObject({ kind: v.literal('prediction'), name: text(MOST_NAME), value: predicted }),
  v.strictObject({ kind: v.literal('timing'), timing: TimingSchema }),
  /** How a check ended; `slip` is the lesson's own text where it knows the wrong answer. */
  v.strictObject({
    kind: v.literal('progress'),
    exercise: text(MOST_NAME),
    passed: v.boolean(),
    slip: v.optional(text(MOST_SLIP)),
  }),
]);
export type Answer = v.InferOutput<typeof AnswerSchema>;

export const STAGES = ['first', 'talk', 'second', 'results'] as const;
export type Stage = (typeof STAGES)[number];

const short = v.pipe(v.string(), v.maxLength(100));
/** What the wall shows. */
const ShownSchema = v.variant('what', [
  v.strictObject({ what: v.picklist(['room', 'timings']) }),
  v.strictObject({ what: v.literal('vote'), id: short }),
  v.strictObject({ what: v.literal('prediction'), name: short }),
]);
export type Shown = v.InferOutput<typeof ShownSchema>;

/** What an instructor may ask for. `next` names the stage that it leaves: of two clicks at once, one counts. */
export const CommandSchema = v.variant('do', [
  v.strictObject({ do: v.literal('next'), id: short, stage: v.picklist(STAGES) }),
  v.strictObject({ do: v.literal('show'), shown: ShownSchema }),
  v.strictObject({ do: v.literal('clear') }),
]);
export type Command = v.InferOutput<typeof CommandSchema>;
