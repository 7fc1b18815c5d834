// `lola room`: opens a room on this machine. Guests join by a link, and all count together.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { InvalidArgumentError } from '../../lib/errors.js';
import { addressesOfMachine, largeNumber, qrText, readVotes, startRoom } from '../../room/index.js';
import type { Room } from '../../room/index.js';
import { readCount, readSeed } from './flags.js';
import { stopped } from './interrupt.js';

interface RoomFlags {
  readonly samples: string;
  readonly seed: string;
  readonly name: string;
  readonly host?: string;
  readonly port?: string;
  readonly check: string;
  /** False by --no-wall. */
  readonly wall: boolean;
}

/** After this time without another machine, the network is probably the reason (ms). */
const NOBODY_MS = 60_000;
/** Where `npm run site` puts the lesson, seen from the clone. */
const LESSON = resolve('dist-site');

export function addRoom(program: Command): void {
  program
    .command('room')
    .description('open a room: phones and laptops join by a link and count together')
    .option('--samples <N>', 'how many random points', '1e12')
    .option('--seed <SEED>', 'a number or a text', '2017')
    .option('--name <NAME>', 'the heading of the wall', "Lola's room")
    .option(
      '--host <HOST>',
      '0.0.0.0 opens it to your networks, 127.0.0.1 to this machine alone (default: asks)',
    )
    .option('--port <PORT>', 'default: 8700, or the next one that is free')
    .option(
      '--check <SHARE>',
      "how many of the guests' results this machine computes again: 5%, or all",
      '5%',
    )
    .option('--no-wall', 'do not open the wall in a browser')
    .action(runRoom);
}

async function runRoom(flags: RoomFlags): Promise<void> {
  const options = {
    samples: readCount('--samples', flags.samples),
    seed: readSeed(flags.seed),
    title: flags.name,
    share: readShare(flags.check),
    port: flags.port === undefined ? undefined : readCount('--port', flags.port, 0),
    host: flags.host ?? (await askForHost()),
    ...(existsSync(LESSON) && { lesson: LESSON }),
    votes: readVotes(resolve('episodes')),
  };
  if (['0.0.0.0', '::'].includes(options.host)) checkNetwork();
  const ended = stopped();
  const room = await startRoom({
    ...options,
    onReached: (address) => say(`${address} reached the room.`),
    log: (text) => process.stderr.write(`lola: room: ${text}\n`),
  });
  say(bannerOf(room));
  if (flags.wall && process.stdout.isTTY) openInBrowser(room.wall);
  const isAwaited = () => !options.host.startsWith('127.') && room.picture().reached === 0;
  const nobody = setTimeout(() => isAwaited() && say(NOBODY), NOBODY_MS);
  void room.over.then(() => say(resultOf(room.picture())));
  await ended;
  clearTimeout(nobody);
  await room.close();
}

/** '5%', '5' and 'all' as a share. @throws InvalidArgumentError */
export function readShare(text: string): number {
  if (text === 'all') return 1;
  const value = /^-?\d+(\.\d+)?\s*%?$/.test(text) ? parseFloat(text) : NaN;
  if (value > 0 && value <= 100) return value / 100;
  const why: readonly (readonly [boolean, string])[] = [
    [value === 0, 'A room that checks nothing believes everybody.'],
    [value < 0, 'A share cannot be negative.'],
    [value > 100, 'There is no more to check than all.'],
    [Number.isNaN(value), 'That is no percentage.'],
  ];
  const [, reason] = why.find(([applies]) => applies)!;
  throw new InvalidArgumentError(
    `--check must be above 0 % and up to 100 %, got '${text}'. ${reason} Write 5%, or all.`,
  );
}

/** Asks before anybody on the network can reach this machine. */
async function askForHost(): Promise<string> {
  checkNetwork();
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new InvalidArgumentError(
      'room: --host is missing, and there is no terminal to ask. 0.0.0.0 opens the room to your networks, 127.0.0.1 to this machine alone.',
    );
  const places = addressesOfMachine().map(({ address, card }) => `${address} (${card})`);
  const question = `Everybody on these networks could open the room's page: ${places.join(', ')}.
With the code on the wall they can count for you, answer votes, and see the wall. They cannot read files or run programs here.
Open the room to these networks? [y/N] `;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(question).finally(() => terminal.close());
  return /^y(es)?$/i.test(answer.trim()) ? '0.0.0.0' : '127.0.0.1';
}

function checkNetwork(): void {
  if (addressesOfMachine().length > 0) return;
  throw new InvalidArgumentError(
    'room: this machine is on no network. Join a Wi-Fi or open a hotspot; --host 127.0.0.1 opens a room for this machine alone.',
  );
}

function bannerOf({ urls, code, wall, teach, port }: Room): string {
  const [first, ...others] = urls;
  return [
    largeNumber(`${first.address}:${port}`),
    qrText(first.url, process.stdout.isTTY),
    `Join:        ${first.url.replace(/#.*/, '')}   code ${code}`,
    ...others.map(({ url, card }) => `or, on ${card}:  ${url.replace(/#.*/, '')}`),
    ...(existsSync(LESSON) ? [`The lesson:  ${first.url.replace(/#.*/, 'lesson/')}`] : []),
    `The wall:    ${wall}`,
    `Votes:       ${teach}   for you alone: it opens votes and sees all answers`,
    `Reach test:  open http://${first.address}:${port}/reach on a phone. If it does not load, see the instructor notes.`,
    'Ctrl-C closes the room.',
  ].join('\n');
}

const NOBODY =
  'No other machine has reached the room yet. Are they on the same Wi-Fi? Many guest networks keep devices apart: open a hotspot on this laptop or a phone, and start the room again.';

/** The last line: who has counted, also those who have left. */
export function resultOf({ room: counted, guests, trust }: ReturnType<Room['picture']>): string {
  const devices = guests.filter((guest) => guest.samples > 0).length;
  const { inside, samples, pi, error, seconds } = counted;
  return `All ${samples} points are counted, in ${seconds.toFixed(1)} s by ${devices === 1 ? '1 device' : `${devices} devices`}: ${inside} are inside. pi = ${pi} +- ${error?.toExponential(1)}. ${trust.proven} of ${trust.results} results were checked.`;
}

function openInBrowser(url: string): void {
  // On Windows `start` would end the address at an &.
  const windows = ['rundll32', 'url.dll,FileProtocolHandler'];
  const others: Partial<Record<string, string[]>> = { darwin: ['open'], win32: windows };
  const [program, ...words] = others[process.platform] ?? ['xdg-open'];
  spawn(program, [...words, url], { stdio: 'ignore', detached: true })
    .on('error', () => say(`Open the wall yourself: ${url}`))
    .unref();
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
