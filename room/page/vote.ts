/// <reference lib="dom" />
// The vote on a guest's page: choices to tap, or to reach by the arrow keys. What is chosen is sent at once, one after another:
// the last one counts. Once nothing is under way, the page shows what the room has.
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
let sending: Promise<void> = Promise.resolve();
let latest: HTMLInputElement | undefined; // the last choice, until the room has answered it

/** @param query what the room knows this device by */
export function drawVote(vote: LearnerPicture, query: () => string): void {
  show('vote', vote !== undefined);
  if (!vote) return void (drawn = '');
  const { id, stage, seconds } = vote;
  if (drawn !== `${id} ${stage}`) build(vote, query);
  else if (!latest) follow(vote.mine);
  drawn = `${id} ${stage}`;
  put('vote-words', `${WORDS[stage]}${seconds === undefined ? '' : ` ${clockOf(seconds)}`}`);
}

function build(vote: NonNullable<LearnerPicture>, query: () => string): void {
  const { id, stage, question, choices, mine } = vote;
  const round = stage === 'first' ? 1 : stage === 'second' ? 2 : undefined;
  const labels = choices.map(({ letter, text }) => {
    const input = make('input', { type: 'radio', name: 'choice', value: letter, checked: letter === mine });
    if (round) input.onchange = () => choose(input, { kind: 'vote', vote: id, round, choice: letter }, query);
    return make('label', {}, input, make('span', {}, make('b', {}, `${letter} `), text));
  });
  const field = make('fieldset', { disabled: round === undefined }, make('legend', {}, question), ...labels);
  const [words, got] = ['vote-words', 'vote-got'].map((name) => make('p', { id: name, role: 'status' }));
  find('vote').replaceChildren(words, field, got);
}

/** Checks what the room has of this device. After the instructor's 'Clear' it has nothing. */
function follow(mine: string | undefined): void {
  const inputs = [...find('vote').querySelectorAll('input')];
  if (mine === undefined && inputs.some(({ checked }) => checked)) put('vote-got', '');
  for (const input of inputs) input.checked = input.value === mine;
}

function choose(input: HTMLInputElement, answer: Answer, query: () => string): void {
  latest = input;
  sending = sending.then(() => send(input, answer, query()));
}

/** Sends a choice, unless there is a later one by now. */
async function send(input: HTMLInputElement, answer: Answer, query: string): Promise<void> {
  if (latest !== input) return;
  const text = new URLSearchParams({ answer: JSON.stringify(answer) }).toString();
  const given = { method: 'POST', signal: AbortSignal.timeout(5000) };
  const { ok, why } = await fetch(`/answer?${query}&${text}`, given)
    .then((reply) => reply.json() as Promise<{ readonly ok: boolean; readonly why?: string }>)
    .catch(() => ({ ok: false, why: 'The room does not answer, so this vote was not sent. Choose again.' }));
  put('vote-got', ok ? 'The room has your answer.' : (why ?? 'The room did not take this answer.'));
  if (!ok) input.checked = false; // so that it can be chosen again
  if (latest === input) latest = undefined;
}
