// A room in each browser engine that is installed: its page joins, counts, votes, is frozen with its browser, and comes back.
import { execFileSync } from 'node:child_process';
import { afterEach, describe, expect, test } from 'vitest';
import { clock } from '../../dist/lib/task/index.js';
import { readVotes } from '../../dist/room/index.js';
import { ENGINES, openIn } from './engines.mjs';
import { LONG, closeAll, holdEnd, onEnd, openRoom, tapping, until } from './rooms.mjs';

const [VOTE] = readVotes('episodes');

afterEach(closeAll);

/** Taps on Join, and on the third choice of a vote whenever one can be tapped. */
const TAPS = `const join = document.getElementById('join');
if (!join.disabled) join.click();
new MutationObserver(() => {
  const choice = document.querySelectorAll('#vote input')[2];
  if (choice && !choice.matches(':disabled') && !choice.checked) choice.click();
}).observe(document.getElementById('vote'), { childList: true });`;

/** Opens the room's page. The browser ends with the test. */
async function openPage(engine, room) {
  const { origin } = await tapping(room, '/', TAPS);
  onEnd(openIn(engine, `${origin}/#${room.code}`));
}

/** All processes of a browser, which has a group of its own. */
function processesOf(pid) {
  const all = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent) =>
    all.flatMap(([child, above]) => (above === parent ? [child, ...below(child)] : []));
  return [pid, ...below(pid)];
}

describe('a page', () => {
  for (const engine of ENGINES) {
    const skipped = engine.program ? '' : ` (skipped: not installed. ${engine.install})`;
    test.skipIf(!engine.program)(
      `in ${engine.name} joins, counts, freezes, comes back, and the integer is the serial one${skipped}`,
      async () => {
        const room = await openRoom();
        const release = holdEnd(room);
        const before = new Set(processesOf(process.pid));
        await openPage(engine, room);
        const guest = () => [...room.machine.guests.values()][0];
        await until('it counts', () => guest()?.results > 0);

        const browser = processesOf(process.pid).filter((pid) => !before.has(pid));
        const signal = (name) => browser.forEach((pid) => kill(pid, name));
        signal('SIGSTOP');
        await until('the room notices', () => guest().peer === undefined);
        signal('SIGCONT');
        await until('it is back', () => guest().peer !== undefined);
        release();
        await room.over;
        expect(room.picture().room).toMatchObject({ samples: 1e9, inside: 785402182 });
      },
      2 * LONG,
    );

    test.skipIf(!engine.program)(
      `in ${engine.name} votes in both rounds, each counted once${skipped}`,
      async () => {
        const room = await openRoom({ samples: 1e13, votes: [VOTE] });
        const { answers } = room.desk;
        const order = (command) => answers.handle({ type: 'command', command }, clock());
        const counts = () => answers.instructor(clock()).votes[0].counts;
        await openPage(engine, room);
        order({ do: 'show', shown: { what: 'vote', id: VOTE.id } });
        await until('it votes', () => counts()[0][2] === 1);
        for (const stage of ['first', 'talk']) order({ do: 'next', id: VOTE.id, stage });
        await until('it votes again', () => counts()[1][2] === 1);
        expect(counts()).toEqual([
          [0, 0, 1, 0],
          [0, 0, 1, 0],
        ]);
      },
      2 * LONG,
    );
  }
});

function kill(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}
