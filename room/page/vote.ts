/// <reference lib="dom" />
// The vote on a guest's page: choices to tap, or to reach by the arrow keys. What is chosen is sent at once.
import type { Answer } from '../answer.js';
import type { LearnerPicture } from '../answers.js';
import { find, make, put, show } from './dom.js';
import { clockOf } from './words.js';

const WORDS = {
  first: 'Vote alone. You can change your mind until the round closes.',
  talk: 'Talk to a neighbour who voted differently.',
  second: 'Vote again.',
  results: 'Look at the wall.',
};
let drawn = '';

/** @param query what the room knows this device by */
export function drawVote(vote: LearnerPicture, query: () => string): void {
  show('vote', vote !== undefined);
  if (!vote) return void (drawn = '');
  const { id, stage, seconds } = vote;
  if (drawn !== `${id} ${stage}`) build(vote, query);
  drawn = `${id} ${stage}`;
  put('vote-words', `${WORDS[stage]}${seconds === undefined ? '' : ` ${clockOf(seconds)}`}`);
}

function build(
  { id, stage, question, choices, mine }: NonNullable<LearnerPicture>,
  query: () => string,
): void {
  const round = stage === 'first' ? 1 : stage === 'second' ? 2 : undefined;
  const labels = choices.map(({ letter, text }) => {
    const input = make('input', { type: 'radio', name: 'choice', value: letter, checked: letter === mine });
    if (round) input.onchange = () => void send({ kind: 'vote', vote: id, round, choice: letter }, query());
    return make('label', {}, input, make('span', {}, make('b', {}, `${letter} `), text));
  });
  const field = make('fieldset', { disabled: round === undefined }, make('legend', {}, question), ...labels);
  const [words, got] = ['vote-words', 'vote-got'].map((name) => make('p', { id: name, role: 'status' }));
  find('vote').replaceChildren(words, field, got);
}

async function send(answer: Answer, query: string): Promise<void> {
  const text = new URLSearchParams({ answer: JSON.stringify(answer) }).toString();
  try {
    const reply = await fetch(`/answer?${query}&${text}`, { method: 'POST' });
    const { ok, why } = (await reply.json()) as { ok: boolean; why?: string };
    put('vote-got', ok ? 'The room has your answer.' : (why ?? 'The room did not take this answer.'));
  } catch {
    put('vote-got', 'The room does not answer, so this vote was not sent. Choose again.');
  }
}
