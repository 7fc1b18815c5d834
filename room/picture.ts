// What the wall and the guests' pages are shown of a room, as plain data. Nobody is shown more.
import { piOf, standardErrorOf } from '../lib/index.js';
import type { LearnerPicture, WallAnswers } from './answers.js';
import type { Guest, GuestState } from './guest.js';
import { MOST_GUESTS, type News, type RoomMachine } from './room.js';
import { chanceToCatch } from './trust.js';

/** A count and what follows from it. */
export interface Count {
  readonly samples: number;
  /** Missing, with what follows from it, while it is not known. */
  readonly inside?: number;
  readonly pi?: number;
  readonly error?: number;
  /** Since the first guest came, or until everything was counted. */
  readonly seconds: number;
  readonly done: boolean;
}

/** A device, as the wall shows it. */
export interface GuestPicture {
  readonly id: number;
  readonly name: string;
  readonly state: GuestState;
  /** Samples a second, and all that are believed. */
  readonly rate: number;
  readonly samples: number;
  readonly lentAgain: number;
}

/** The wall. */
export interface RoomPicture {
  readonly op: 'wall';
  readonly title: string;
  readonly seed: number | string;
  readonly total: number;
  readonly room: Count;
  /** What this laptop counts alone, beside the room. */
  readonly laptop: Count;
  readonly rate: number;
  readonly guests: readonly GuestPicture[];
  /** Devices here now; devices that were here. */
  readonly here: number;
  readonly trust: {
    readonly share: number;
    readonly proven: number;
    readonly waiting: number;
    readonly results: number;
    /** The chance to catch a guest that lies 1, 10, 100 times. */
    readonly chances: readonly number[];
  };
  readonly news: readonly News[];
  /** Other machines than this one that have reached the port. */
  readonly reached: number;
  readonly address: string;
  readonly answers: WallAnswers;
}

/** What a guest is shown of itself. */
export interface OwnPicture {
  readonly op: 'you';
  readonly name: string;
  readonly state: GuestState;
  readonly samples: number;
  readonly inside: number;
  readonly rate: number;
  readonly total: number;
  readonly room: Count;
  readonly here: number;
  readonly vote?: LearnerPicture;
}

/** What the server knows beside its machine. */
export interface Surroundings {
  readonly title: string;
  readonly address: string;
  readonly reached: number;
  readonly answers: WallAnswers;
  /** `inside` is missing until all is counted. */
  readonly laptop: { readonly samples: number; readonly inside?: number; readonly seconds: number };
}

/** Devices that have left stay on the wall as long as there is room for them. */
export function wallOf(machine: RoomMachine, now: number, around: Surroundings): RoomPicture {
  const { trust, news, options } = machine;
  const { work, share } = options;
  const all = [...machine.guests.values()];
  const shown = all.filter(({ peer }) => peer !== undefined);
  const gone = all.filter(({ peer, samples, lied }) => peer === undefined && (samples > 0 || lied));
  const guests = [...shown, ...gone].slice(0, MOST_GUESTS).map((guest) => {
    const { name, samples, lentAgain } = guest;
    const state = guest.state(machine.isBusy(guest));
    return { id: all.indexOf(guest), name, state, rate: guest.rate(now), samples, lentAgain };
  });
  return {
    op: 'wall',
    title: around.title,
    seed: work.seed,
    total: work.samples,
    room: roomCount(machine, now),
    laptop: countOf(around.laptop, around.laptop.seconds, work.samples),
    rate: shown.reduce((sum, guest) => sum + guest.rate(now), 0),
    guests,
    here: shown.length,
    trust: {
      share,
      proven: trust.proven,
      waiting: trust.checking.size,
      results: trust.counted,
      chances: [1, 10, 100].map((lies) => chanceToCatch(share, lies)),
    },
    news,
    reached: around.reached,
    address: around.address,
    answers: around.answers,
  };
}

export function ownOf(machine: RoomMachine, guest: Guest, now: number): OwnPicture {
  const { name, samples, inside } = guest;
  const here = [...machine.guests.values()].filter(({ peer }) => peer !== undefined).length;
  const [state, rate] = [guest.state(machine.isBusy(guest)), guest.rate(now)];
  const total = machine.options.work.samples;
  return { op: 'you', name, state, samples, inside, rate, total, room: roomCount(machine, now), here };
}

function roomCount({ trust, began, ended, options }: RoomMachine, now: number): Count {
  const seconds = began === undefined ? 0 : ((ended ?? now) - began) / 1000;
  return { ...countOf(trust, seconds, options.work.samples), done: ended !== undefined };
}

function countOf(
  { samples, inside }: { readonly samples: number; readonly inside?: number },
  seconds: number,
  total: number,
): Count {
  const counted = { samples, seconds, done: samples === total };
  if (inside === undefined || samples === 0) return counted;
  return { ...counted, inside, pi: piOf(inside, samples), error: standardErrorOf(inside, samples) };
}
