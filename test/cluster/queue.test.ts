// The queue of a line, held against a list that is searched and cut the simple way.
import seedrandom from 'seedrandom';
import { expect, test } from 'vitest';
import { Queue, type Client, type Entry, type Line } from '../../lib/cluster/records.js';

/** A client's tasks, of 0 to 9 bytes each. */
function made() {
  const client = { entries: new Map<number, Entry>() } as Client;
  const line = { client } as Line;
  return (id: number, bytes: number): Entry => {
    const entry: Entry = {
      id,
      key: `t${id}`,
      payload: new Uint8Array(bytes),
      line,
      suspect: false,
      losses: [],
    };
    client.entries.set(id, entry);
    return entry;
  };
}

test.each(Array.from({ length: 10 }, (_, i) => `queue-${i}`))(
  'a queue gives its tasks in order, whatever comes, comes back and is dropped (seed %s)',
  (seed) => {
    const random = seedrandom(seed);
    const below = (most: number) => Math.floor(random() * most);
    const make = made();
    const queue = new Queue();
    const taken: Entry[] = [];
    let waiting: Entry[] = [];
    let id = 0;
    for (let step = 0; step < 400; step++) {
      const what = random();
      if (what < 0.3)
        for (let i = below(20); i >= 0; i--) {
          const entry = make(id++, below(10));
          queue.push(entry);
          waiting.push(entry);
        }
      else if (what < 0.7) {
        const [most, bytes] = [1 + below(8), below(30)];
        let [count, size] = [0, 0];
        while (count < Math.min(most, waiting.length)) {
          size += waiting[count].payload.length;
          if (size > bytes && count > 0) break;
          count++;
        }
        const expected = waiting.splice(0, count);
        expect(queue.take(most, bytes)).toEqual(expected);
        taken.push(...expected);
      } else if (what < 0.9) {
        for (const entry of taken.splice(0, below(4))) {
          queue.unshift(entry);
          waiting.unshift(entry);
        }
      } else {
        for (const { id, line } of waiting) if (random() < 0.1) line.client.entries.delete(id);
        queue.sweep();
        waiting = waiting.filter(({ id, line }) => line.client.entries.has(id));
      }
      expect([queue.ordinary, queue.length]).toEqual([waiting.length, waiting.length]);
    }
    expect(queue.take(Infinity, Infinity)).toEqual(waiting);
  },
);
