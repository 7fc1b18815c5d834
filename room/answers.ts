// What a room answers: votes in two rounds, predictions, speed-ups and progress. A machine without I/O and without a clock.
//
// From devices:  vote, prediction, timing, progress          From the instructor:  open, next, show, clear
//
// The instructor's `next` takes a vote from stage to stage:
//
//   first     everybody votes alone
//   talk      two minutes with a neighbour; then the second round opens by itself
//   second    everybody votes again
//   results   the wall shows both rounds
//
// Each of three audiences has its picture. A learner is shown the question and its own choice. The wall is shown how many
// have answered, and results once they are there. The instructor is shown all of it, but not who answered what: no picture
// has a key.
import { STAGES, type Answer, type Command, type Shown, type Stage, type Timing } from './answer.js';
import { cleanName } from './names.js';
import type { Vote } from './votes.js';

/** How long neighbours talk (ms). */
export const TALK_MS = 120_000;

/** What happens. The key is the device's own secret, the name what it wants its timing to be called. */
export type AnswerEvent =
  | { readonly type: 'answer'; readonly key: string; readonly name: string; readonly answer: Answer }
  | { readonly type: 'command'; readonly command: Command };

/** How a vote is going. */
interface Ballot {
  stage: Stage;
  /** When talking ends. */
  closes: number;
  /** For each round, the choice of each device. */
  readonly rounds: readonly [Map<string, string>, Map<string, string>];
}

/** What a device has done in an exercise. */
interface Tried {
  passed: boolean;
  readonly slips: Set<number>;
}

const MOST_DEVICES = 1000;
/** Predictions and exercises that are told apart, and known mistakes in one exercise: the lesson has fewer. */
const [MOST_NAMES, MOST_SLIPS] = [100, 40];

export class Answers {
  private ballots = new Map<string, Ballot>();
  private predictions = new Map<string, Map<string, number>>();
  private timings = new Map<string, Timing>();
  private exercises = new Map<string, Map<string, Tried>>();
  /** For each exercise, the texts of known mistakes: devices only have their numbers. */
  private slips = new Map<string, string[]>();
  private shown: Shown = { what: 'room' };
  private devices = new Set<string>();

  constructor(readonly votes: readonly Vote[]) {}

  /** @returns why an event was refused; undefined if it counts */
  handle(event: AnswerEvent, now: number): string | undefined {
    this.advance(now);
    if (event.type === 'command') return this.command(event.command, now);
    const { key, name, answer } = event;
    if (this.devices.size >= MOST_DEVICES && !this.devices.has(key)) return 'The room takes no more devices.';
    const refused = this.take(key, name, answer);
    if (refused === undefined) this.devices.add(key);
    return refused;
  }

  // ---- answers

  private take(key: string, name: string, answer: Answer): string | undefined {
    if (answer.kind === 'vote') return this.vote(key, answer);
    if (answer.kind === 'timing')
      this.timings.set(key, { ...answer.timing, nickname: cleanName(name) || 'somebody' });
    else if (answer.kind === 'prediction')
      return into(this.predictions, cleanName(answer.name, 60), (values) => values.set(key, answer.value));
    else return this.progress(key, cleanName(answer.exercise, 60), answer);
    return undefined;
  }

  private vote(key: string, { vote, round, choice }: Answer & { kind: 'vote' }): string | undefined {
    const ballot = this.ballots.get(vote);
    const isOpen =
      this.shown.what === 'vote' &&
      this.shown.id === vote &&
      ballot?.stage === ['first', 'second'][round - 1];
    if (!isOpen) return 'This round is closed: the answer came too late and does not count.';
    if (!this.voteOf(vote)?.choices.some(({ letter }) => letter === choice))
      return `There is no choice ${choice}.`;
    ballot.rounds[round - 1].set(key, choice);
    return undefined;
  }

  private progress(
    key: string,
    exercise: string,
    { passed, slip }: Answer & { kind: 'progress' },
  ): string | undefined {
    return into(this.exercises, exercise, (devices) => {
      const tried = devices.get(key) ?? { passed: false, slips: new Set() };
      tried.passed ||= passed;
      devices.set(key, tried);
      if (slip === undefined) return;
      const [texts, text] = [this.slips.get(exercise) ?? [], cleanName(slip, 300)];
      this.slips.set(exercise, texts);
      if (!texts.includes(text) && texts.length < MOST_SLIPS) texts.push(text);
      if (texts.includes(text)) tried.slips.add(texts.indexOf(text));
    });
  }

  // ---- the instructor

  private command(command: Command, now: number): string | undefined {
    if (command.do === 'clear') {
      const { ballots, predictions, timings, exercises, slips, devices } = this;
      for (const kept of [ballots, predictions, timings, exercises, slips, devices]) kept.clear();
      this.shown = { what: 'room' };
    } else if (command.do === 'show') return this.show(command.shown);
    else return this.next(command.id, command.stage, now);
    return undefined;
  }

  private show(shown: Shown): string | undefined {
    if (shown.what === 'vote') {
      if (!this.voteOf(shown.id)) return `There is no vote ${shown.id}.`;
      if (!this.ballots.has(shown.id))
        this.ballots.set(shown.id, { stage: 'first', closes: 0, rounds: [new Map(), new Map()] });
    }
    this.shown = shown;
    return undefined;
  }

  private next(id: string, stage: Stage, now: number): string | undefined {
    const ballot = this.ballots.get(id);
    if (ballot?.stage !== stage) return 'Somebody else was faster: the vote has gone on.';
    ballot.stage = STAGES[Math.min(STAGES.indexOf(stage) + 1, STAGES.length - 1)];
    ballot.closes = now + TALK_MS;
    return undefined;
  }

  private advance(now: number): void {
    for (const ballot of this.ballots.values())
      if (ballot.stage === 'talk' && now >= ballot.closes) ballot.stage = 'second';
  }

  private voteOf(id: string): Vote | undefined {
    return this.votes.find((vote) => vote.id === id);
  }

  // ---- what each audience is shown

  /** A device's picture: never what others chose, and never which choice is right. */
  learner(key: string, now: number) {
    const asked = this.asked(now);
    if (!asked) return undefined;
    const { id, stage } = asked;
    const [first, second] = this.ballots.get(id)!.rounds;
    return { ...asked, mine: (stage === 'first' || stage === 'talk' ? first : second).get(key) };
  }

  /** The wall's picture. */
  wall(now: number) {
    const { shown } = this;
    const asked = this.asked(now);
    if (asked)
      return { what: 'vote' as const, ...asked, ...this.tallyOf(asked.id, asked.stage === 'results') };
    if (shown.what === 'prediction')
      return { what: shown.what, name: shown.name, values: this.valuesOf(shown.name) };
    if (shown.what === 'timings') return { what: shown.what, timings: [...this.timings.values()] };
    return { what: 'room' as const };
  }

  /** The instructor's picture. */
  instructor(now: number) {
    this.advance(now);
    return {
      shown: this.shown,
      devices: this.devices.size, // that have answered something
      votes: Array.from(this.ballots.keys(), (id) => ({
        id,
        ...this.stageOf(id, now),
        ...this.tallyOf(id, true),
      })),
      predictions: Array.from(this.predictions.keys(), (name) => ({ name, values: this.valuesOf(name) })),
      timings: [...this.timings.values()],
      exercises: Array.from(this.exercises, ([name, devices]) =>
        summaryOf(name, [...devices.values()], this.slips.get(name) ?? []),
      ),
    };
  }

  private asked(now: number) {
    this.advance(now);
    const vote = this.shown.what === 'vote' ? this.voteOf(this.shown.id) : undefined;
    if (!vote) return undefined;
    const { id, title, question, choices } = vote;
    return { id, title, question, choices, ...this.stageOf(id, now) };
  }

  private stageOf(id: string, now: number) {
    const { stage, closes } = this.ballots.get(id)!;
    return { stage, seconds: stage === 'talk' ? Math.ceil((closes - now) / 1000) : undefined };
  }

  /** How many have answered in each round and, if it may be told, what, and what it says. */
  private tallyOf(id: string, told: boolean) {
    const { rounds } = this.ballots.get(id)!;
    const answered = rounds.map(({ size }) => size);
    if (!told) return { answered };
    const { choices, right } = this.voteOf(id)!;
    const counts = rounds.map((round) =>
      choices.map(({ letter }) => [...round.values()].filter((choice) => choice === letter).length),
    );
    const at = choices.findIndex(({ letter }) => letter === right);
    const [before, after] = counts.map((each, i) => (answered[i] === 0 ? NaN : each[at] / answered[i]));
    return { answered, counts, right, change: normalisedChange(before, after) };
  }

  private valuesOf(name: string): number[] {
    return [...(this.predictions.get(name)?.values() ?? [])].sort((a, b) => a - b);
  }
}

export type LearnerPicture = ReturnType<Answers['learner']>;
export type WallAnswers = ReturnType<Answers['wall']>;
export type InstructorPicture = ReturnType<Answers['instructor']>;

/**
 * How much of what could be gained was gained, or of what could be lost was lost, from the shares of right answers before and
 * after (0 to 1): 1 if all are right now, 0 if nothing has changed, -1 if none is right now. Undefined if all or none were right
 * both times, or nobody answered.
 * @see J. D. Marx and K. Cummings, Normalized change, American Journal of Physics 75 (2007)
 */
export function normalisedChange(before: number, after: number): number | undefined {
  const change = (after - before) / (after < before ? before : 1 - before);
  return Number.isFinite(change) && before + after > 0 ? change : undefined;
}

/** Counts per exercise: devices that tried, that passed, and those that met each known mistake, the commonest first. */
function summaryOf(name: string, devices: readonly Tried[], texts: readonly string[]) {
  const slips = texts.map(
    (text, i) => [text, devices.filter((device) => device.slips.has(i)).length] as const,
  );
  const passed = devices.filter((device) => device.passed).length;
  return { name, tried: devices.length, passed, slips: slips.sort((a, b) => b[1] - a[1]) };
}

/** Changes what is kept under a name, unless that would be a name too many. */
function into<T>(
  kept: Map<string, Map<string, T>>,
  name: string,
  change: (found: Map<string, T>) => unknown,
): string | undefined {
  const found = kept.get(name) ?? new Map<string, T>();
  if (name === '' || (!kept.has(name) && kept.size >= MOST_NAMES))
    return 'The room has no place for another prediction or exercise.';
  kept.set(name, found);
  change(found);
  return undefined;
}
