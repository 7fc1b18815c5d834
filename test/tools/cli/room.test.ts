import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { describeMachine } from '../../../lib/index.js';
import type { InstructorPicture } from '../../../room/answers.js';
import { resultOf } from '../../../tools/cli/room.js';
import { lola, until, type Lola } from '../../support/cluster.js';
import { lolaHere } from '../../support/lola-here.mjs';

const started: Lola[] = [];
afterEach(async () => {
  for (const { child, ended } of started.splice(0)) {
    child.kill('SIGTERM');
    await ended;
  }
});

function room(...words: string[]): Lola {
  const process = lola(['room', '--host', '127.0.0.1', '--port', '0', '--no-wall', ...words]);
  started.push(process);
  return process;
}

const URL_OF = /http:\/\/127\.0\.0\.1:(\d+)\/ +code ([A-Z\d]{5})/;

describe('lola room', () => {
  test('shows address, code, QR code and wall, serves them, and ends at a signal', async () => {
    const { child, output, ended } = room('--samples', '1e9', '--name', 'Room 7');
    await until(() => output().includes('Ctrl-C closes the room.'));
    const [, port, code] = URL_OF.exec(output())!;
    expect(output()).toContain(`http://127.0.0.1:${port}/wall?code=${code}`);
    expect(output()).toContain('█ ▄▄▄▄▄ █');
    const answer = await fetch(`http://127.0.0.1:${port}/join?version=1&code=${code}`);
    const told = { ok: true, title: 'Room 7', samples: 1e9, lesson: existsSync('dist-site') };
    expect(await answer.json()).toMatchObject(told);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  test.skipIf(describeMachine().coresAllotted === 1)(
    'takes the speed-ups of a race, by the best stage and the nickname',
    async () => {
      const { output } = room('--samples', '1e9');
      await until(() => output().includes('Ctrl-C closes the room.'));
      const [, port, code] = URL_OF.exec(output())!;
      const [, secret] = /teach#(\S+)/.exec(output())!;
      const words = [
        'race',
        '--stages',
        'serial,pool',
        '--workers',
        '1,2',
        '--samples',
        '1e6',
        '--repeats',
        '1',
      ];
      const race = lola([...words, '--nickname', 'Ana', '--room', `http://127.0.0.1:${port}/#${code}`]);
      started.push(race);
      expect(await race.ended, race.output()).toBe(0);
      const teach = new WebSocket(`ws://127.0.0.1:${port}/teach.live?secret=${secret}`);
      await once(teach, 'message'); // the votes
      const [data] = (await once(teach, 'message')) as [Buffer];
      teach.terminate();
      const { timings } = JSON.parse(data.toString()) as InstructorPicture;
      expect(timings).toMatchObject([{ nickname: 'Ana', stage: 'pool', samples: 1e6 }]);
      expect(timings[0].points.map(({ workers }) => workers)).toEqual([1, 2]);
    },
    60_000,
  );

  test.each(['hello', 'http://127.0.0.1:8700/'])(
    'is not taken for the address %j by a race',
    async (address) => {
      const { status, stderr } = await lolaHere('race', '--room', address);
      expect(status).toBe(2);
      expect(stderr).toContain("the room's address must be as the wall shows it");
    },
  );

  test.each([
    [['--check', '0'], "got '0'. A room that checks nothing believes everybody."],
    [['--check', '-1'], "got '-1'. A share cannot be negative."],
    [['--check', '101%'], "got '101%'. There is no more to check than all."],
    [['--check', 'x'], "got 'x'. That is no percentage."],
    [['--samples', '0'], "--samples must be a whole number from 1 to 2^53 - 1, got '0'"],
    [['--seed', ''], '--seed must not be empty'],
    [['--port', 'x'], "--port must be a whole number from 0 to 2^53 - 1, got 'x'"],
    [['--port', '70000'], 'there is no port 70000. Take one from 1024 to 65535.'],
    [['--host', ''], "host must be a name or an address, got ''"],
    [['--host', '203.0.113.1'], "'203.0.113.1' is not an address of this machine"],
  ])('%j ends with exit code 2, the value, and what to do', async (words, message) => {
    const { status, stdout, stderr } = await lolaHere('room', '--host', '127.0.0.1', ...words);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  test('without --host and without a terminal it opens nothing, and says which hosts there are', async () => {
    const asked = lola(['room']);
    started.push(asked);
    expect(await asked.ended).toBe(2);
    expect(asked.output()).toMatch(
      /--host is missing.*0\.0\.0\.0.*127\.0\.0\.1|on no network.*--host 127\.0\.0\.1/,
    );
  });

  test('a second room at the port, and a port that is taken by something else, each have their own remedy', async () => {
    const first = room();
    await until(() => URL_OF.test(first.output()));
    const [, port] = URL_OF.exec(first.output())!;
    const second = await lolaHere('room', '--host', '127.0.0.1', '--port', port);
    expect(second.status).toBe(2);
    expect(second.stderr).toContain(
      `there is a room on this machine already, at port ${port}. Close it first`,
    );
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const taken = String((other.address() as AddressInfo).port);
    const third = await lolaHere('room', '--host', '127.0.0.1', '--port', taken);
    expect(third.status).toBe(2);
    expect(third.stderr).toContain(`port ${taken} is taken`);
    other.close();
  });
});

test('the last line tells how many devices have counted, also those that have left', () => {
  const room = { samples: 10, inside: 8, pi: 3.2, error: 0.5, seconds: 2, done: true };
  const trust = { proven: 1, results: 3 };
  const said = (...samples: number[]) => {
    const guests = samples.map((one) => ({ samples: one }));
    return resultOf({ room, guests, trust, here: 1 } as unknown as Parameters<typeof resultOf>[0]);
  };
  expect(said(4, 6, 0)).toContain('All 10 points are counted, in 2.0 s by 2 devices: 8 are inside.');
  expect(said(10)).toContain('by 1 device:');
});
