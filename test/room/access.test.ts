import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { Gate } from '../../room/access.js';
import { largeNumber } from '../../room/banner.js';
import { CODE_LENGTH, cleanName, freeName, newCode, readCode } from '../../room/names.js';
import { addressesOfMachine } from '../../room/network.js';
import { ROOM_VERSION } from '../../room/version.js';

const CODE = 'ABCDE';
const KEY = 'abcdef-123456-abcdef';
const HOST = '192.168.1.5:8700';
const gate = () => new Gate(CODE, '0.0.0.0', 'secret');
const query = (fields: object) =>
  new URLSearchParams({ version: ROOM_VERSION, code: CODE, key: KEY, name: 'Ana', ...fields }).toString();

/** What a gate answers to one request. */
function ask(
  url: string,
  { headers = {}, address = '192.168.1.9', at = gate(), now = 0, method = 'GET' } = {},
) {
  return at.decide({ method, url, headers: { host: HOST, ...headers }, address }, now);
}

describe('the gate', () => {
  test('lets a device with the code join and work', () => {
    expect(ask(`/join?${query({})}`)).toEqual({ answer: 'join' });
    expect(ask(`/work?${query({})}`)).toMatchObject({
      answer: 'socket',
      kind: 'work',
      key: KEY,
      name: 'Ana',
    });
    expect(ask(`/live?${query({ code: 'ab-c de' })}`)).toMatchObject({ answer: 'socket', kind: 'live' });
  });

  test.each([
    ['a wrong code', `/work?${query({ code: 'ABCDF' })}`, 401, /not the room's code/],
    ['no code', `/join?version=${ROOM_VERSION}`, 401, /not the room's code/],
    ['a page of another version', `/join?${query({ version: '0' })}`, 426, /another version.*Reload/],
    ['a key that is none', `/work?${query({ key: '../..' })}`, 400, /Reload the page/],
    ['a key that is too long', `/work?${query({ key: 'a'.repeat(65) })}`, 400, /Reload the page/],
    ['a target that is no path', 'http://elsewhere/', 400, /a path/],
  ])('refuses %s', (_, url, status, why) => {
    expect(ask(url)).toEqual({ answer: 'refuse', status, why: expect.stringMatching(why) });
  });

  test('refuses what is no GET', () => {
    expect(ask('/', { method: 'POST' })).toMatchObject({ answer: 'refuse', status: 405 });
  });

  test.each(['evil.example', 'evil.example:8700', '192.168.1.5.evil.example', '', 'a b'])(
    'refuses the Host %j, which a rebound name would have',
    (host) => expect(ask('/', { headers: { host } })).toMatchObject({ answer: 'refuse', status: 403 }),
  );

  test.each(['127.0.0.1:8700', '[::1]:8700', 'localhost:8700', `${hostname()}:8700`, '10.0.0.1'])(
    'knows the Host %s',
    (host) => expect(ask('/', { headers: { host } })).toEqual({ answer: 'file', path: '/' }),
  );

  test.each(['http://evil.example', 'https://192.168.1.5:8700', 'http://192.168.1.5:9999', 'null'])(
    'refuses the Origin %s',
    (origin) =>
      expect(ask(`/work?${query({})}`, { headers: { origin } })).toMatchObject({
        answer: 'refuse',
        status: 403,
      }),
  );

  test('knows the Origin of its own pages', () => {
    expect(ask(`/work?${query({})}`, { headers: { origin: `http://${HOST}` } })).toMatchObject({
      kind: 'work',
    });
  });

  test('shows the wall to this machine, and to others with the code', () => {
    expect(ask('/wall', { address: '127.0.0.1' })).toEqual({ answer: 'file', path: '/wall' });
    expect(ask('/wall.live', { address: '::ffff:127.0.0.1' })).toMatchObject({ kind: 'wall' });
    expect(ask('/wall')).toMatchObject({ answer: 'refuse', status: 401 });
    expect(ask(`/wall?code=${CODE}`)).toEqual({ answer: 'file', path: '/wall' });
  });

  test('takes the same wrong code for a page of an older room, however often it comes', () => {
    const at = gate();
    for (let i = 0; i < 1000; i++)
      expect(ask(`/work?${query({ code: 'ZZZZZ' })}`, { at })).toMatchObject({ status: 401 });
    expect(ask(`/work?${query({})}`, { at })).toMatchObject({ kind: 'work' });
  });

  test('after 30 wrong codes from one address it takes none from there for a minute, and from others still', () => {
    const at = gate();
    const guess = (now: number, code = 'ZZZZZ', address = '192.168.1.9') =>
      ask(`/work?${query({ code })}`, { at, now, address });
    for (let i = 0; i < 30; i++) expect(guess(0, `ZZ${100 + i}`)).toMatchObject({ status: 401 });
    expect(guess(0, CODE)).toMatchObject({ status: 429 });
    expect(guess(0, CODE, '192.168.1.10')).toMatchObject({ answer: 'socket' });
    expect(guess(60_001, CODE)).toMatchObject({ answer: 'socket' });
  });
});

describe('answers', () => {
  const answer = (at: Gate, now: number, i = 0, address = '192.168.1.9', text = 'x') =>
    ask(`/answer?${query({ key: `key-of-device-${i}`.padEnd(20, '-'), answer: text })}`, {
      ...{ at, now, address, method: 'POST' },
    }).answer;
  const count = (times: number, one: (i: number) => string) =>
    Array.from({ length: times }, (_, i) => one(i)).filter((what) => what === 'take').length;

  test('of one device count 240 times in a minute, and others’ go on; then it is told so by name', () => {
    const at = gate();
    expect(count(10_000, () => answer(at, 0))).toBe(240);
    expect(count(240, () => answer(at, 0, 1))).toBe(240);
    expect(
      ask(`/answer?${query({ key: 'key-of-device-0'.padEnd(20, '-') })}`, { at, method: 'POST' }),
    ).toEqual({
      answer: 'refuse',
      status: 429,
      why: 'Too many answers came from this device or its address. Wait for a minute.',
    });
    expect(answer(at, 60_000)).toBe('refuse');
    expect(count(10_000, () => answer(at, 60_001))).toBe(240);
  });

  test('of one address count 12 000 times in a minute, however many devices it makes up, and other addresses’ go on', () => {
    const at = gate();
    expect(count(20_000, (i) => answer(at, 0, i))).toBe(12_000);
    expect(count(240, () => answer(at, 0, 0, '192.168.1.10'))).toBe(239); // device 0 has had one
  });

  test('that are long count less often: 256 KiB of a device', () => {
    const at = gate();
    const long = 'x'.repeat(7000);
    const { length } = `/answer?${query({ key: 'key-of-device-0'.padEnd(20, '-'), answer: long })}`;
    expect(count(240, () => answer(at, 0, 0, undefined, long))).toBe(Math.floor(2 ** 18 / length));
  });

  test('of a device that tries again each second are never refused', () => {
    const at = gate();
    expect(count(3600, (second) => answer(at, 1000 * second))).toBe(3600);
  });
});

describe('names', () => {
  test.each([
    ['Ana', 'Ana'],
    ['  Ana \n\t Maria ', 'Ana Maria'],
    ['\u202eevil\u2066\u200b\ufeff', 'evil'],
    ['a\u0000b\u001b[31mc', 'a b [31mc'],
    ['Ze\u0301\u0301\u0301\u0301\u0301lia', 'Z\u00e9\u0301\u0301lia'],
    ['x'.repeat(50), 'x'.repeat(20)],
    ['👩‍🔬', '👩 🔬'],
    ['\u3164\u2800', ''],
    ['<script>alert(1)</script>', '<script>alert(1)</sc'],
  ])('%j is shown as %j', (given, shown) => {
    expect(cleanName(given)).toBe(shown);
  });

  test('that are taken get the first free number', () => {
    const taken = new Set(['Ana', 'Ana 2']);
    expect(freeName('Ana', (name) => taken.has(name))).toBe('Ana 3');
  });

  test('a code has no letters that look alike, and is read as people type it', () => {
    const codes = Array.from({ length: 100 }, (_, i) => newCode((below) => (i * 7) % below));
    expect(codes.join('')).toMatch(/^[^IO01S5]+$/);
    expect(
      codes.every((code) => code.length === CODE_LENGTH && readCode(` ${code.toLowerCase()} `) === code),
    ).toBe(true);
  });
});

describe('the network', () => {
  const card = (address: string, family = 'IPv4', internal = false) =>
    ({ address, family, internal }) as never;

  test('lists addresses that others can reach, real cards first', () => {
    const cards = {
      lo: [card('127.0.0.1', 'IPv4', true)],
      docker0: [card('172.17.0.1')],
      wlan0: [card('fe80::1', 'IPv6'), card('192.168.1.5')],
      eth1: [card('169.254.3.4')],
    };
    expect(addressesOfMachine(cards).map(({ address }) => address)).toEqual([
      '192.168.1.5',
      '169.254.3.4',
      '172.17.0.1',
    ]);
    expect(addressesOfMachine({ lo: cards.lo })).toEqual([]);
  });

  test('an address is three lines of large letters', () => {
    expect(largeNumber('10:7')).toBe(
      ['  ▄█  █▀█  ▄  ▀▀█', '   █  █ █  ▄    █', '  ▀▀▀ ▀▀▀       ▀'].join('\n'),
    );
  });
});
