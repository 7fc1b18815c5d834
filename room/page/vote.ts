/// <reference lib="dom" />
// The vote on a guest's page: choices to tap, or to choose by their letters and the arrow keys. What is chosen is sent at once,
// one after another: the last one counts. Once nothing is under way, the page shows what the room has.
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
const NOT_SENT = { ok: false, why: 'The room does not answer: your vote was not sent. Choose again.', at: 0 };
let drawn = '';
let sending: Promise<void> = Promise.resolve();
let latest: HTMLInputElement | undefined; // the last choice, until the room has answered it
let takenAt = 0; // when the room took it, by the room's clock
document.onkeydown = ({ key, altKey, ctrlKey, metaKey }) => {
  const isMeant = ({ value, offsetParent }: HTMLInputElement) => offsetParent && value === key.toUpperCase();
  if (!altKey && !ctrlKey && !metaKey) [...find('vote').querySelectorAll('input')].find(isMeant)?.click();
};

/** @param at when the room was like this: before it took the last choice is too old @param query what it knows this browser by */
export function drawVote(vote: LearnerPicture, at: number, query: () => string): void {
  show('vote', vote !== undefined);
  if (!vote) return void (drawn = '');
  const { id, stage, seconds } = vote;
  if (drawn !== `${id} ${stage}`) build(vote, query);
  else if (!latest && at > takenAt) follow(vote.mine);
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
  const roles = [stage === 'talk' ? 'timer' : 'status', 'status']; // the seconds are not read out
  const [words, got] = ['vote-words', 'vote-got'].map((id, i) => make('p', { id, role: roles[i] }));
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
  const { ok, why, at } = await fetch(`/answer?${query}&${text}`, given)
    .then((reply) => reply.json() as Promise<typeof NOT_SENT>)
    .catch(() => NOT_SENT);
  put('vote-got', ok ? 'The room has your answer.' : why);
  if (ok) takenAt = at;
  else input.checked = false; // so that it can be chosen again
  if (latest === input) latest = undefined;
}
