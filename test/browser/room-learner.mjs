// A learner in Node, with the code of the notebooks: joins, predicts, hands in a race, tries six exercises, and votes when
// told to. room-thirty.browser.mjs starts twenty of them.
import { checkProfile, checkSerial, handIn, joinRoom, predict } from '../../dist/lesson/index.js';
import { way } from '../../dist/room/client.js';

const [address, number] = process.argv.slice(2);
const i = Number(number);
console.log = () => {};

await joinRoom(address, `Node ${i}`, `key-of-learner-${number.padStart(8, '0')}`);
process.on('message', async ({ vote, round, choice }) => {
  if (vote === undefined) {
    for (const name of ['first', 'second', 'third']) for (const value of [99, i]) predict(name, value);
    const points = [{ workers: 2, speedUp: { median: 1.8, low: 1.7, high: 1.9 } }];
    await handIn({ samples: 1e9, stage: 'pool', points });
    const wrong = () => 123_456;
    for (const check of [checkProfile.amdahl, checkProfile.karpFlatt]) check(wrong);
    for (const check of [checkSerial.years, checkSerial.samplesFor]) check(wrong);
    for (const check of [checkProfile.limit, checkSerial.digit]) check(7);
  }
  // The last answer of a round counts.
  else for (const each of ['A', choice]) await way.send({ kind: 'vote', vote, round, choice: each });
  await way.send({ kind: 'prediction', name: 'done', value: i }); // it comes after all others
  process.send('done');
});
process.send('ready');
