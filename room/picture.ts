// What the wall and the guests' pages are shown of a room, as plain data. Nobody is shown more.
import { piOf, standardErrorOf } from '../lib/index.js';
import type { LearnerPicture, WallAnswers } from './answers.js';
import type { Guest } from './guest.js';
import { MOST_GUESTS, type RoomMachine } from './room.js';
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

/** What the server knows beside its machine. */
export interface Surroundings {
  readonly title: string;
  readonly address: string;
  /** Other machines than this one that have reached the port. */
  readonly reached: number;
  readonly answers: WallAnswers;
  /** `inside` is missing until all is counted. */
  readonly laptop: { readonly samples: number; readonly inside?: number; readonly seconds: number };
}

export type RoomPicture = ReturnType<typeof wallOf>;
export type GuestPicture = RoomPicture['guests'][number];
export type OwnPicture = ReturnType<typeof ownOf> & { readonly at: number; readonly vote?: LearnerPicture };

/** The wall's picture. Devices that have left stay on it as long as there is room for them. */
export function wallOf(machine: RoomMachine, now: number, around: Surroundings) {
  const { trust, news, options } = machine;
  const { work, share } = options;
  const { title, address, reached, answers } = around;
  const all = [...machine.guests.values()];
  const shown = all.filter(({ peer }) => peer !== undefined);
  const gone = all.filter(({ peer, samples, lied }) => peer === undefined && (samples > 0 || lied));
  const guests = [...shown, ...gone].slice(0, MOST_GUESTS).map((guest) => {
    const { name, samples, lentAgain } = guest;
    const state = guest.state(machine.isBusy(guest));
    return { id: all.indexOf(guest), name, state, rate: guest.rate(now), samples, lentAgain };
  });
  return {
    ...{ op: 'wall' as const, title, address, reached, answers, news, guests },
    seed: work.seed,
    total: work.samples,
    room: roomCount(machine, now),
    // What this laptop counts alone, beside the room.
    laptop: countOf(around.laptop, around.laptop.seconds, work.samples),
    rate: shown.reduce((sum, guest) => sum + guest.rate(now), 0),
    here: shown.length, // devices
    trust: {
      share,
      proven: trust.proven,
      waiting: trust.checking.size,
      results: trust.counted,
      // to catch a guest that lies 1, 10, 100 times
      chances: [1, 10, 100].map((lies) => chanceToCatch(share, lies)),
    },
  };
}

/** What a guest is shown of itself. */
export function ownOf(machine: RoomMachine, guest: Guest, now: number) {
  const { name, samples, inside } = guest;
  const here = [...machine.guests.values()].filter(({ peer }) => peer !== undefined).length;
  const [state, rate] = [guest.state(machine.isBusy(guest)), guest.rate(now)];
  const total = machine.options.work.samples;
  const room = roomCount(machine, now);
  return { op: 'you' as const, name, state, samples, inside, rate, total, room, here };
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
