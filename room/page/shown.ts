/// <reference lib="dom" />
// Answers as the wall and the instructor see them: a vote with its bars, the spread of a prediction, everybody's speed-ups.
import { htmlTable, pictureOf, tableOf, type Chart } from '../../lesson/charts/index.js';
import { range, short } from '../../tools/measure/index.js';
import type { Stage } from '../answer.js';
import type { InstructorPicture, WallAnswers } from '../answers.js';
import { spreadChart, timingCharts } from '../charts.js';
import type { Vote } from '../votes.js';
import { make } from './dom.js';
import { clockOf, counted, percent } from './words.js';

const drawn = new WeakMap<HTMLElement, string>();

/** Shows something anew, if it has changed: screen readers and selections are left alone. */
export function redraw(place: HTMLElement, data: unknown, parts: () => readonly Node[]): void {
  const text = JSON.stringify(data);
  if (drawn.get(place) === text) return;
  drawn.set(place, text);
  place.replaceChildren(...parts());
}

/** What the wall shows instead of the count. */
export function drawShown(place: HTMLElement, answers: WallAnswers): void {
  redraw(place, answers, () => {
    if (answers.what === 'vote') return voteParts(answers, answers);
    if (answers.what === 'prediction') return spreadParts(answers.name, answers.values);
    return answers.what === 'timings' ? timingParts(answers.timings) : [];
  });
}

type Tally = Pick<InstructorPicture['votes'][number], 'answered' | 'stage' | 'seconds'> &
  Partial<InstructorPicture['votes'][number]>;

/** A vote: the question, the stage, and each choice, with its misconception and a bar for each round if they may be seen. */
export function voteParts(
  { title, question, choices, notes }: Pick<Vote, 'title' | 'question' | 'choices'> & Partial<Vote>,
  tally: Tally,
): Node[] {
  const { answered, counts, right, change, stage } = tally;
  const rows = choices.flatMap(({ letter, text }, i) => {
    const isRight = letter === right;
    const cells = (counts ?? []).map((round, at) => {
      const share = answered[at] === 0 ? 0 : round[i] / answered[at];
      const bar = make('progress', { value: share, ariaLabel: `${letter}, round ${at + 1}` });
      return make('td', {}, bar, `${round[i]} (${percent(share)})`);
    });
    const words = make('th', { scope: 'row' }, make('b', {}, `${letter} `), text, isRight ? ' ✔' : '');
    const row = make('tr', { className: isRight ? 'right' : '' }, words, ...cells);
    const note = make('td', { colSpan: 1 + cells.length }, notes?.[letter] ?? '');
    return [row, ...(notes?.[letter] ? [make('tr', { className: 'note' }, note)] : [])];
  });
  const head = ['', ...(counts ?? []).map((_, at) => `Round ${at + 1}, n = ${answered[at]}`)];
  const heads = head.map((text) => (text === '' ? make('td') : make('th', { scope: 'col' }, text)));
  const top = make('thead', {}, make('tr', {}, ...heads));
  const table = make('table', { className: 'tally' }, top, make('tbody', {}, ...rows));
  return [
    make('h2', {}, title),
    make('p', { className: 'stage' }, stageText(stage, tally)),
    make('p', { className: 'question' }, question),
    table,
    ...(counts ? [make('p', {}, changeText(change))] : []),
  ];
}

function stageText(stage: Stage, { answered: [first, second], seconds }: Tally): string {
  return {
    first: `First vote, alone: ${counted(first, 'answer')}`,
    talk: `Talk to a neighbour who voted differently: ${clockOf(seconds ?? 0)}`,
    second: `Second vote: ${counted(second, 'answer')}`,
    results: 'Both rounds',
  }[stage];
}

function changeText(change: number | undefined): string {
  if (change === undefined)
    return 'No normalised change: it needs answers in both rounds, and not all right or all wrong both times.';
  const [possible, whole] = change < 0 ? ['loss', 'before'] : ['gain', '(1 - before)'];
  return `Normalised change: ${change.toFixed(2)} of the possible ${possible} in right answers, (after - before) / ${whole}`;
}

export function spreadParts(name: string, values: readonly number[]): Node[] {
  if (values.length === 0) return [make('h2', {}, `Predicted: ${name}`), make('p', {}, 'No predictions yet')];
  const { median, low, high } = range(values);
  const text = `${counted(values.length, 'prediction')}: median ${short(median)}, from ${short(low)} to ${short(high)}`;
  return [picture(spreadChart(name, values)), make('p', {}, text)];
}

export function timingParts(timings: Parameters<typeof timingCharts>[0]): Node[] {
  const charts = timingCharts(timings);
  if (charts.length === 0)
    return [make('h2', {}, 'Speed-ups'), make('p', {}, 'No machine has handed in its speed-ups yet')];
  return charts.map(picture);
}

/** A chart, with its numbers behind it. All texts in it are escaped where it is made. */
function picture(chart: Chart): HTMLElement {
  const numbers = `<details><summary>The numbers</summary>${htmlTable(tableOf(chart))}</details>`;
  return make('figure', { innerHTML: pictureOf(chart) + numbers });
}
