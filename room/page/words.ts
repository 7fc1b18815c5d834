// How the pages write numbers and say what a device does: the same words on the wall and on the device.
import type { GuestState } from '../guest.js';

const NAMES = [
  [1e15, 'quadrillion'],
  [1e12, 'trillion'],
  [1e9, 'billion'],
  [1e6, 'million'],
] as const;

/** A large number as it is read aloud: 1.23 billion. */
export function large(value: number): string {
  const [size, name] = NAMES.find(([least]) => value >= least) ?? [1, ''];
  if (size === 1) return exact(value);
  return `${Number((value / size).toPrecision(3))} ${name}`;
}

/** Every digit, in groups of three. (`toLocaleString` first loads all that a browser knows of languages: 20 ms of CPU.) */
export function exact(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 1 as '1 answer', and 2 as '2 answers'. */
export const counted = (count: number, thing: string) => `${count} ${thing}${count === 1 ? '' : 's'}`;

export function percent(share: number): string {
  const value = 100 * share;
  if (value === 0 || value >= 99.95) return `${Math.round(value)} %`;
  return `${value >= 10 ? value.toFixed(1) : value.toPrecision(2)} %`;
}

/** 75 as '1 min 15 s'. */
export function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  return whole < 60
    ? `${seconds < 10 ? seconds.toFixed(1) : whole} s`
    : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** The digits of an estimate that three standard errors up or down do not change, and two more. */
export function digitsOf(pi: number, error: number): { readonly reliable: string; readonly rest: string } {
  const [text, ...bounds] = [pi, pi - 3 * error, pi + 3 * error].map((value) => value.toFixed(12));
  let same = 0;
  while (bounds.every((bound) => bound[same] === text[same]) && same < text.length) same++;
  const reliable = text.slice(0, same).replace(/\.$/, '');
  return { reliable, rest: text.slice(reliable.length, Math.max(4, reliable.length + 3)) };
}

/** A symbol and a word for each state: colour alone does not distinguish them. */
export const STATES: { readonly [state in GuestState]: { readonly sign: string; readonly word: string } } = {
  computing: { sign: '▶', word: 'computing' },
  waiting: { sign: '·', word: 'waiting' },
  slow: { sign: '☾', word: 'asleep' },
  left: { sign: '↩', word: 'left' },
  lied: { sign: '✖', word: 'lied' },
};

/** Seconds as 1:05. */
export function clockOf(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.max(0, seconds % 60)).padStart(2, '0')}`;
}
