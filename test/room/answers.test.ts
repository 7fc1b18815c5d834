import { describe, expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { safeParse } from 'valibot';
import {
  AnswerSchema,
  STAGES,
  type Answer,
  type Command,
  type Stage,
  type Timing,
} from '../../room/answer.js';
import { Answers, TALK_MS, normalisedChange } from '../../room/answers.js';
import { serialPartOfAll, spreadChart, timingCharts } from '../../room/charts.js';
import { groupsOf, namesOf } from '../../tools/measure/board.js';
import { readVotes, votesOf, type Vote } from '../../room/votes.js';
import { episodeFolder, pageNames } from '../support/episode.js';

const VOTE: Vote = {
  id: '03-1',
  title: 'four at once',
  question: 'How much faster?',
  choices: ['A', 'B', 'C', 'D'].map((letter) => ({ letter, text: `choice ${letter}` })),
  right: 'C',
  solution: 'One thread.',
  notes: { A: 'a belief.' },
  advice: 'What misleads.',
};
const CLIENTS = 30;
const keyOf = (i: number) => `key-of-client-${String(i).padStart(4, '0')}`;

/** A machine with a clock of its own, and what is asked of it. */
function machine(votes: readonly Vote[] = [VOTE]) {
  const answers = new Answers(votes);
  let now = 0;
  return {
    answers,
    pass: (ms: number) => (now += ms),
    order: (command: Command) => answers.handle({ type: 'command', command }, now),
    next: (stage: Stage, id = VOTE.id) =>
      answers.handle({ type: 'command', command: { do: 'next', id, stage } }, now),
    open: (id = VOTE.id) =>
      answers.handle({ type: 'command', command: { do: 'show', shown: { what: 'vote', id } } }, now),
    say: (key: string, answer: Answer, name = '') =>
      answers.handle({ type: 'answer', key, name, answer }, now),
    learner: (key: string) => answers.learner(key, now),
    wall: () => answers.wall(now),
    instructor: () => answers.instructor(now),
  };
}

const choose = (round: 1 | 2, choice: string, vote = VOTE.id): Answer => ({
  kind: 'vote',
  vote,
  round,
  choice,
});
const timingOf = (samples: number, serial: number, cores: number, nickname?: string): Timing => ({
  ...{ nickname, cpu: 'a CPU', cores, samples, stage: 'pool' },
  points: [1, 2, cores].map((workers) => {
    const median = 1 / (serial + (1 - serial) / workers);
    return { workers, speedUp: { median, low: 0.9 * median, high: 1.1 * median } };
  }),
});

describe('a vote', () => {
  test('of 30 devices in two rounds counts the last answer of each, once, and says the normalised change', () => {
    const room = machine();
    room.open();
    const first = Array.from({ length: CLIENTS }, (_, i) => 'ABCD'[(7 * i) % 4]);
    const second = first.map((choice, i) => (i % 3 === 0 ? 'C' : choice));
    for (const [i, choice] of first.entries()) {
      expect(room.say(keyOf(i), choose(1, 'A'))).toBeUndefined(); // answers twice: the last one counts
      expect(room.say(keyOf(i), choose(1, choice))).toBeUndefined();
    }
    expect(room.next('first')).toBeUndefined();
    expect(room.say(keyOf(0), choose(1, 'C'))).toMatch(/too late/);
    room.pass(TALK_MS);
    for (const [i, choice] of second.entries()) expect(room.say(keyOf(i), choose(2, choice))).toBeUndefined();
    expect(room.next('second')).toBeUndefined();
    const right = (round: readonly string[]) => round.filter((choice) => choice === 'C').length;
    const counts = [first, second].map((round) =>
      [...'ABCD'].map((letter) => round.filter((one) => one === letter).length),
    );
    const [r1, r2] = [right(first), right(second)];
    expect(room.wall()).toMatchObject({
      ...{ what: 'vote', stage: 'results', answered: [CLIENTS, CLIENTS], counts, right: 'C' },
      change: expect.closeTo((r2 - r1) / (CLIENTS - r1), 12),
    });
  });

  test('tells learners and the wall no count and no right choice before its results', () => {
    const room = machine();
    room.open();
    room.say(keyOf(0), choose(1, 'B'));
    const secret = /counts|right|change|notes|solution|misleads|belief|One thread/;
    for (const stage of STAGES) {
      expect(room.learner(keyOf(0))).toMatchObject({ stage, question: VOTE.question });
      expect(JSON.stringify(room.learner(keyOf(0)))).not.toMatch(secret);
      if (stage !== 'results') expect(JSON.stringify(room.wall())).not.toMatch(secret);
      if (stage !== 'results') room.next(stage);
    }
    expect(room.learner(keyOf(1))).toMatchObject({ mine: undefined });
  });

  test('shows no device what another one chose, and nobody a key', () => {
    const room = machine();
    room.open();
    room.say(keyOf(0), choose(1, 'B'));
    room.say(keyOf(1), choose(1, 'C'));
    room.say(keyOf(1), { kind: 'prediction', name: 'four at once', value: 4 });
    room.say(keyOf(1), { kind: 'timing', timing: timingOf(1e9, 0.1, 4) }, 'Ana');
    expect(room.learner(keyOf(0))).toMatchObject({ mine: 'B' });
    const pictures = JSON.stringify([room.learner(keyOf(0)), room.wall(), room.instructor()]);
    expect(pictures).not.toContain('key-of');
  });

  test('opens its second round by itself when two minutes are over, or when the instructor goes on', () => {
    const room = machine();
    room.open();
    room.next('first');
    expect(room.wall()).toMatchObject({ stage: 'talk', seconds: 120 });
    room.pass(TALK_MS - 1);
    expect(room.say(keyOf(0), choose(2, 'C'))).toMatch(/closed/);
    expect(room.wall()).toMatchObject({ stage: 'talk', seconds: 1 });
    room.pass(1);
    expect(room.say(keyOf(0), choose(2, 'C'))).toBeUndefined();
    expect(room.wall()).toMatchObject({ stage: 'second', answered: [0, 1] });
  });

  test('goes one stage on where two instructors click at once, and keeps its answers when it is shown again', () => {
    const room = machine();
    room.open();
    room.say(keyOf(0), choose(1, 'C'));
    expect(room.next('first')).toBeUndefined();
    expect(room.next('first')).toMatch(/Somebody else was faster/);
    expect(room.wall()).toMatchObject({ stage: 'talk' });
    room.order({ do: 'show', shown: { what: 'room' } });
    expect(room.learner(keyOf(0))).toBeUndefined();
    room.open();
    expect(room.instructor().votes).toMatchObject([
      {
        answered: [1, 0],
        counts: [
          [0, 0, 1, 0],
          [0, 0, 0, 0],
        ],
      },
    ]);
  });

  test.each([
    ['a choice that it lacks', choose(1, 'E'), /no choice E/],
    ['a vote that is not open', choose(1, 'C', '03-2'), /closed/],
    ['a round that is not open', choose(2, 'C'), /closed/],
  ])('refuses %s', (_, answer, why) => {
    const room = machine();
    room.open();
    expect(room.say(keyOf(0), answer)).toMatch(why);
    expect(room.wall()).toMatchObject({ answered: [0, 0] });
  });

  test('that nobody answered, or all answered right at first, has no normalised change', () => {
    expect(normalisedChange(NaN, 0.5)).toBeUndefined();
    expect(normalisedChange(1, 1)).toBeUndefined();
    expect(normalisedChange(0.4, 0.7)).toBeCloseTo(0.5, 12);
  });

  test('has a change of what could be gained if more are right, and of what could be lost if fewer are', () => {
    expect(normalisedChange(0.8, 0.4)).toBeCloseTo(-0.5, 12);
    expect(normalisedChange(1, 0.25)).toBe(-0.75);
    expect(normalisedChange(0.5, 0.5)).toBe(0);
    expect(normalisedChange(0, 0.5)).toBe(0.5);
    expect(normalisedChange(0, 0)).toBeUndefined();
  });
});

describe('predictions, speed-ups and exercises', () => {
  test('count each device once, by its last answer, however often it answers', () => {
    const room = machine();
    const names = ['share', 'speed-up', 'four at once'];
    for (let i = 0; i < CLIENTS; i++) {
      for (const name of names) {
        room.say(keyOf(i), { kind: 'prediction', name, value: 99 });
        room.say(keyOf(i), { kind: 'prediction', name, value: i / 2 });
      }
      room.say(keyOf(i), { kind: 'timing', timing: timingOf(1e9, 0.5, 8) }, `m ${i}`);
      room.say(keyOf(i), { kind: 'timing', timing: timingOf(1e9, 0.1, 8) }, `m ${i}`);
      for (let exercise = 0; exercise < 6; exercise++) {
        const name = `02 exercise ${exercise}`;
        if (i % 2)
          room.say(keyOf(i), { kind: 'progress', exercise: name, passed: false, slip: 'upside down.' });
        if (i % 3) room.say(keyOf(i), { kind: 'progress', exercise: name, passed: true });
        room.say(keyOf(i), { kind: 'progress', exercise: name, passed: false });
      }
    }
    const { devices, predictions, timings, exercises } = room.instructor();
    expect(devices).toBe(CLIENTS);
    const values = Array.from({ length: CLIENTS }, (_, i) => i / 2);
    expect(predictions).toEqual(names.map((name) => ({ name, values })));
    expect(timings.map(({ nickname }) => nickname)).toEqual(values.map((_, i) => `m ${i}`));
    const summary = { tried: 30, passed: 20, slips: [['upside down.', 15]] };
    expect(exercises).toEqual([0, 1, 2, 3, 4, 5].map((i) => ({ name: `02 exercise ${i}`, ...summary })));
  });

  test('show a prediction and speed-ups on the wall when the instructor says so, and not before', () => {
    const room = machine();
    room.say(keyOf(0), { kind: 'prediction', name: 'share', value: 0.5 });
    expect(room.wall()).toEqual({ what: 'room' });
    room.order({ do: 'show', shown: { what: 'prediction', name: 'share' } });
    expect(room.wall()).toEqual({ what: 'prediction', name: 'share', values: [0.5] });
    expect(room.learner(keyOf(0))).toBeUndefined();
    room.order({ do: 'clear' });
    expect(room.wall()).toEqual({ what: 'room' });
    expect(room.instructor()).toMatchObject({
      devices: 0,
      predictions: [],
      timings: [],
      exercises: [],
      votes: [],
    });
  });

  test('show odd names as text of one line, and of nobody as somebody', () => {
    const room = machine();
    room.say(keyOf(0), { kind: 'timing', timing: timingOf(1e9, 0, 2) }, '\u202eevil\u0000 <b>');
    room.say(keyOf(1), { kind: 'timing', timing: timingOf(1e9, 0, 2) }, '\u200b');
    room.say(keyOf(0), { kind: 'prediction', name: 'a\nb', value: 1 });
    expect(room.instructor().timings.map(({ nickname }) => nickname)).toEqual(['evil <b>', 'somebody']);
    expect(room.instructor().predictions[0].name).toBe('a b');
  });

  test('stay bounded: too many devices and names are refused', () => {
    const room = machine();
    const prediction: Answer = { kind: 'prediction', name: 'share', value: 1 };
    for (let i = 0; i < 2000; i++) room.say(keyOf(i), { ...prediction, name: `name ${i}` });
    expect(room.instructor().predictions).toHaveLength(100);
    for (let i = 0; i < 2000; i++) room.say(keyOf(i), { ...prediction, name: 'name 0' });
    expect(room.say('one-more-device-0000', prediction)).toMatch(/no more devices/);
    room.order({ do: 'clear' });
    expect(room.say('one-more-device-0000', prediction)).toBeUndefined();
  });
});

describe('a device', () => {
  test('whose answer is refused takes no place from others', () => {
    const room = machine();
    for (let i = 0; i < 2000; i++) expect(room.say(keyOf(i), choose(1, 'A'))).toMatch(/closed/);
    room.open();
    expect(room.say('an-honest-device-0000', choose(1, 'A'))).toBeUndefined();
  });

  test('that makes mistakes up fills no more than one exercise’s list of them', () => {
    const room = machine();
    const tried = (i: number): Answer => ({
      ...{ kind: 'progress', exercise: 'share', passed: false },
      slip: `${i} ${'x'.repeat(290)}`,
    });
    for (let i = 0; i < 5000; i++) room.say(keyOf(i % 7), tried(i));
    const [exercise] = room.instructor().exercises;
    expect([exercise.tried, exercise.slips.length]).toEqual([7, 40]);
  });
});

describe('the charts', () => {
  test('show each machine by its name, races of other samples apart, and Amdahl’s curve through the middle', () => {
    const timings = [
      timingOf(1e9, 0.1, 4, 'Ana'),
      timingOf(1e9, 0.2, 8, 'Ana'),
      timingOf(1e9, 0.3, 4, 'Ben'),
      timingOf(1e7, 0.9, 4, 'Cleo'),
    ];
    expect(groupsOf(timings).map(([samples, { length }]) => [samples, length])).toEqual([
      [1e9, 3],
      [1e7, 1],
    ]);
    expect(namesOf(timings.slice(0, 3))).toEqual(['Ana', 'Ana 2', 'Ben']);
    expect(namesOf(['Ana', 'Ana 2', 'Ana'].map((nickname) => ({ nickname })))).toEqual([
      'Ana',
      'Ana 2',
      'Ana 3',
    ]);
    expect(serialPartOfAll(timings.slice(0, 3))).toBeCloseTo(0.2, 12); // Karp and Flatt give Amdahl's own part back
    expect(serialPartOfAll([timingOf(1e7, 1.3, 2, 'Dan')])).toBeUndefined(); // slower than one worker
    const charts = timingCharts(timings);
    expect(charts.map(({ title }) => title)).toEqual([
      expect.stringMatching(/^Speed-up.*1e9 samples$/),
      expect.stringMatching(/^Efficiency.*1e9 samples$/),
      expect.stringMatching(/^Speed-up.*1e7 samples$/),
      expect.stringMatching(/^Efficiency.*1e7 samples$/),
    ]);
    const [speedUps] = charts;
    if (speedUps.kind !== 'lines') throw new Error('no lines');
    const named = (name: RegExp) => speedUps.series.find((one) => name.test(one.name))!.points;
    expect(named(/Ben/)).toEqual(
      [1, 2, 4].map((p) => {
        const y = 1 / (0.3 + 0.7 / p);
        return { x: p, y, low: 0.9 * y, high: 1.1 * y };
      }),
    );
    for (const { x, y } of named(/Amdahl, serial part 20/)) expect(y).toBeCloseTo(1 / (0.2 + 0.8 / x), 9);
  });

  test('show each prediction as one dot, also where all are equal', () => {
    for (const values of [[1, 2, 2, 50], [3, 3, 3], [7]]) {
      const chart = spreadChart('share', values);
      if (chart.kind !== 'lines') throw new Error('no lines');
      const { points } = chart.series[0];
      expect(chart.series[0].name).toMatch(values.length === 1 ? /^1 prediction$/ : /^[34] predictions/);
      expect(points).toHaveLength(values.length);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      for (const { x } of points) expect(x >= low && x <= high).toBe(true);
      expect(new Set(points.map(({ x, y }) => `${x} ${y}`)).size).toBe(values.length);
      expect(chart.y.ticks).toEqual(
        Array.from({ length: Math.max(...points.map(({ y }) => y)) + 1 }, (_, i) => i),
      );
    }
  });
});

describe('one device does not spoil a chart', () => {
  test.each([[1e12], [-1e12]])('a prediction of %s stands at the edge and is counted there', (far) => {
    const near = Array.from({ length: 29 }, (_, i) => 3 + i / 10);
    const chart = spreadChart('share', [...near, far]);
    if (chart.kind !== 'lines') throw new Error('no lines');
    const [{ name, points }] = chart.series;
    expect(name).toBe('30 predictions, 1 of them beyond the edges');
    expect(points).toHaveLength(30);
    expect(new Set(points.slice(0, 29).map(({ x }) => x)).size).toBeGreaterThan(5);
    for (const { x } of points) expect(x > -12 && x < 18).toBe(true);
  });

  test('of 30 numbers of samples the four that most have run are drawn', () => {
    const many = Array.from({ length: 30 }, (_, i) => timingOf(1e6 + i, 0.1, 4, 'one device'));
    const charts = timingCharts([...many, timingOf(1e9, 0.1, 4, 'Ana'), timingOf(1e9, 0.2, 4, 'Ben')]);
    expect(charts).toHaveLength(8);
    expect(charts[0].title).toMatch(/1e9 samples$/);
  });

  const prediction = (value: number) => ({ kind: 'prediction', name: 'share', value });
  const timing = (change: object) => ({ kind: 'timing', timing: { ...timingOf(1e9, 0.1, 4), ...change } });
  const at = (workers: number, low: number, median: number, high: number) =>
    timing({ points: [{ workers, speedUp: { low, median, high } }] });
  test.each([
    ['a stage with a control character', timing({ stage: 'p\u0001' })],
    ['a stage that turns the text', timing({ stage: '\u202eloop' })],
    ['more cores than a machine has', timing({ cores: 2 ** 53 - 1 })],
    ['more workers than a machine has', at(2 ** 53 - 1, 1, 1, 1)],
    ['a speed-up beyond reason', at(4, 1, 2, 1e300)],
    ['a range upside down', at(4, 3, 2, 4)],
    ['a median beyond its range', at(4, 1, 3, 2)],
    ['a prediction beyond reason', prediction(1.7e308)],
    ['and one below it', prediction(-1.7e308)],
  ])('%s is no answer', (_, answer) => expect(safeParse(AnswerSchema, answer).success).toBe(false));

  test.each([
    ['what a race measures', timing({})],
    ['a prediction', prediction(784_895)],
  ])('%s is one', (_, answer) => expect(safeParse(AnswerSchema, answer).success).toBe(true));
});

describe('the votes of the episodes', () => {
  test('are all read, with question, choices, the right one, solution and notes', () => {
    const votes = readVotes(episodeFolder);
    const headings = pageNames().flatMap(
      (name) => readFileSync(join(episodeFolder, name), 'utf8').match(/^### Vote: /gm) ?? [],
    );
    expect(votes).toHaveLength(headings.length);
    for (const vote of votes) {
      expect(vote.choices.length, vote.id).toBeGreaterThanOrEqual(3);
      expect(
        vote.choices.map(({ letter }) => letter),
        vote.id,
      ).toContain(vote.right);
      for (const text of [
        vote.title,
        vote.question,
        vote.solution,
        ...Object.values(vote.notes),
        ...vote.choices.map(({ text }) => text),
      ])
        expect(text, vote.id).toMatch(/^[^\n:][^\n]*$/);
      // Each wrong choice has a misconception of its own, or shares it with another one.
      const wrong = vote.choices.map(({ letter }) => letter).filter((letter) => letter !== vote.right);
      expect(Object.keys(vote.notes).sort(), vote.id).toEqual(wrong);
      expect(vote.question, vote.id).not.toMatch(/[`*]|A\)/);
    }
    expect(new Set(votes.map(({ id }) => id)).size).toBe(votes.length);
  });

  test('are plain text, whatever marks they have', () => {
    const text =
      '::::: challenge\n\n### Vote: *one* `a_b` (4 minutes)\n\nIs **this** [a link](x.md)?\n\n- A) `x * y * z`\n- B) two\n  lines\n- C) no\n\nVote.\n\n::: solution\n\n**B**, it is.\n\n:::\n\n::: instructor\n\nA) is a slip. C) and D) are *beliefs* of f(A) or B: ask.\nE: *no*.\n\nIf B) wins,\nask.\n\n:::\n\n:::::\n';
    const [vote] = votesOf(text, '01');
    expect(votesOf(text.replaceAll('\n', '\r\n'), '01')).toEqual([vote]); // as Windows may check it out
    expect(vote).toEqual({
      ...{
        id: '01-1',
        title: 'one a_b',
        question: 'Is this a link?',
        right: 'B',
        solution: 'B, it is.',
        notes: {
          A: 'is a slip.',
          C: 'C) and D) are beliefs of f(A) or B: ask.',
          D: 'C) and D) are beliefs of f(A) or B: ask.',
          E: 'no.',
        },
        advice: 'If B) wins, ask.',
      },
      choices: [
        { letter: 'A', text: 'x * y * z' },
        { letter: 'B', text: 'two lines' },
        { letter: 'C', text: 'no' },
      ],
    });
  });

  test('are none where there are no episodes', () => expect(readVotes('no/such/folder')).toEqual([]));
});
