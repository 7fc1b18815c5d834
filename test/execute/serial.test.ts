import { afterEach, expect, test, vi } from 'vitest';
import { startPool } from '../../lib/execute/pool.js';
import { startSerial } from '../../lib/execute/serial.js';
import { CONTRACT_TASKS, executorContract } from '../support/executor-contract.js';

executorContract('serial', () => startSerial({ tasks: [CONTRACT_TASKS] }), {
  survivesExit: false,
  stopsForever: false,
});

afterEach(() => void vi.restoreAllMocks());

/** A task module that loads once something is posted to `channel`. */
const late = (channel: string) =>
  `data:text/javascript,await new Promise((resolve) => {
    const channel = new BroadcastChannel('${channel}');
    channel.onmessage = () => resolve(channel.close());
  });
  export const one = () => 1;`;

test.each([
  ['this thread', (tasks: string[]) => startSerial({ tasks })],
  ['a pool', (tasks: string[]) => startPool({ workers: 2, tasks })],
])('a task module that does not load is named once, and waited for: in %s', async (place, startWith) => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => {});
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const channel = new BroadcastChannel(place);
  const started = startWith([late(place)]);
  vi.advanceTimersByTime(14_999);
  expect(said).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  vi.useRealTimers();
  expect(said.mock.calls).toEqual([[expect.stringMatching(/^waiting for the module data:.* never end\?$/s)]]);
  const asking = setInterval(() => channel.postMessage('go'), 10);
  const executor = await started;
  clearInterval(asking);
  channel.close();
  expect(await executor.run([{ key: 'one', operation: 'one', input: null }])).toEqual([1]);
  await executor.close();
  expect(said).toHaveBeenCalledTimes(1);
});

test('one task module needs no list around it', async () => {
  const executor = await startSerial({ tasks: CONTRACT_TASKS as unknown as string[] });
  expect(await executor.run([{ key: 'two', operation: 'double', input: 1 }])).toEqual([2]);
});
