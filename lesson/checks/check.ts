// How an exercise's answer is judged, and how a notebook shows the verdict. A check reports and never throws: an error in
// one cell would stop all the cells below it.
import { show, toErrorRecord } from '../../lib/errors.js';
import { wrapped } from '../notebook.js';
import { report } from '../../room/client.js';
import { TooLong, doesItEnd, limited } from './limit.js';

/** What is wrong with an answer, in words that help; undefined if nothing is. */
export type Wrong = string | undefined;

/**
 * A check prints 'passed: ...' or 'not yet: ...'. The answer is its argument, in the cell of the exercise: what an earlier
 * run of that cell had left behind is never judged.
 * @param wrong says what is wrong with an answer; if it throws or does not end, the learner's code did
 * @param why what a right answer shows
 */
export function check<A extends readonly unknown[]>(
  wrong: (...answer: A) => Wrong,
  why: string | ((...answer: A) => string),
): (...answer: A) => void {
  const judged = (...answer: A): void => {
    try {
      const text = limited(() => wrong(...answer), answer[0]);
      tell(judged, text, typeof why === 'string' ? why : () => why(...answer));
    } catch (error) {
      tell(judged, stoppedWith(error, answer[0]), '');
    }
  };
  return judged;
}

/** The same for an answer that must be computed. Resolves to whether it passed, so that later cells can ask. */
export function checkLater<A extends readonly unknown[]>(
  wrong: (...answer: A) => Promise<Wrong>,
  why: string,
): (...answer: A) => Promise<boolean> {
  const judged = async (...answer: A): Promise<boolean> => {
    const judge = async () => limited(() => wrong(...answer), answer[0]); // async: what is thrown at once is caught too
    const text = await judge().catch((error) => stoppedWith(error, answer[0]));
    tell(judged, text, why);
    return text === undefined;
  };
  return judged;
}

/** The name of each check, as '01 digit': by these a room that was joined counts exercises. */
const NAMES = new Map<unknown, string>();
/** What the lesson says about wrong answers that it knows. A room gets these texts, and no answer. */
const SLIPS = new Set<string>();
/** An exercise that is as the notebook has it: its NaN, its empty list or text, its missing return. */
const UNTRIED = /^replace |returns nothing|is empty|but is NaN\.$|^name (?:one|two) of|^give your sum/;

/** Names the checks of a notebook. */
export function checksOf<T extends object>(notebook: string, checks: T): T {
  for (const [name, judged] of Object.entries(checks)) NAMES.set(judged, `${notebook} ${name}`);
  return checks;
}

function tell(judged: unknown, wrong: Wrong, why: string | (() => string)): void {
  const passed = () => `passed: ${typeof why === 'string' ? why : why()}`;
  console.log(wrapped(wrong === undefined ? passed() : `not yet: ${wrong}`));
  const exercise = NAMES.get(judged);
  if (exercise === undefined || UNTRIED.test(wrong ?? '')) return;
  const slip = [...SLIPS].find((text) => wrong?.includes(text));
  report({ kind: 'progress', exercise, passed: wrong === undefined, slip });
}

/** What stopped a learner's code, with the loops in it where it did not end. */
export function stoppedWith(error: unknown, code?: unknown): string {
  const { name, message, code: reason } = toErrorRecord(error);
  if (reason === 'INTERRUPTED') return 'you interrupted the check. Run the cell again.';
  if (message.startsWith('threw a value')) return `your code ${message}`;
  if (!(error instanceof TooLong)) return `your code stopped with ${name}: ${message}`;
  return `your code was stopped: ${message}. ${doesItEnd(code)}`;
}

/** A value in words, with what to do where its kind is a likely slip. */
export function described(value: unknown, made = 'the quotes'): string {
  if (value instanceof Promise) {
    value.catch(() => {}); // how it ends is no news any more
    return 'a promise: leave out `async`';
  }
  if (typeof value === 'function') return 'a function: call it, with () after its name';
  if (typeof value === 'bigint') return `${value}n, a BigInt: leave out the n`;
  if (typeof value === 'string' && value.includes('[object '))
    return `${show(value)}, a text made of an object: name the field that you mean`;
  const isNumeric = typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value));
  return isNumeric ? `${show(value)}, a text: leave out ${made}` : show(value);
}

/** A number, which may follow from what a function is called with. */
type Value<A extends readonly unknown[]> = number | ((...input: A) => number);

/** The right number, and the numbers that common slips give. */
export interface Numbers<A extends readonly unknown[] = []> {
  readonly right: Value<A>;
  readonly slips?: readonly (readonly [slip: Value<A>, text: string])[];
  /** What to say of any other number. */
  readonly other?: (found: number, ...input: A) => string;
  /** How far off a number may be, as a share of the right one or of a slip's; 0.001 by default. */
  readonly within?: number;
}

/** Says what is wrong with a number. */
export function wrongNumber<A extends readonly unknown[]>(numbers: Numbers<A>) {
  for (const [, text] of numbers.slips ?? []) SLIPS.add(text);
  return (found: number, ...input: A): Wrong => {
    const { right, slips = [], other, within = 1e-3 } = numbers;
    const valueOf = (value: Value<A>): number => (typeof value === 'number' ? value : value(...input));
    const is = (value: Value<A>): boolean => isNear(found, valueOf(value), within);
    if (is(right)) return undefined;
    const slip = slips.find(([value]) => is(value));
    if (slip) return slip[1];
    const [near, exact] = [isNear(found, valueOf(right), 0.01), Number.isInteger(valueOf(right))];
    if (near && !exact && String(found).length < 7) return `it should be ${valueOf(right)}. Do not round it.`;
    return other?.(found, ...input) ?? `it should be ${grouped(valueOf(right))}.`;
  };
}

function isNear(found: number, expected: number, within: number): boolean {
  return found === expected || Math.abs(found / expected - 1) <= within;
}

/** A check of a number that a learner gives, to within 2 % by default. */
export function numberCheck({ why, within = 0.02, ...numbers }: Numbers & { readonly why: string }) {
  const wrong = wrongNumber({ within, ...numbers });
  return check((answer: number) => {
    if (typeof answer !== 'number') return `give a number, not ${described(answer)}.`;
    return Number.isNaN(answer) ? 'replace NaN by a number.' : wrong(answer);
  }, why);
}

/** A learner's function, and how to judge it: by what it returns for some inputs, of which the notebook shows the first at most. */
export interface FunctionCase<A extends readonly unknown[], R> {
  /** The function in words, as 'speedUp(parallel, faster)'. */
  readonly of: string;
  /** What it returns; a number by default. */
  readonly gives?: 'a list' | 'a text' | `{ ${string} }`;
  readonly inputs: readonly Readonly<A>[];
  readonly wrong: (found: R, ...input: A) => Wrong;
  /** A parameter without which the right numbers are no answer. */
  readonly reads?: string;
  readonly why: string;
}

/** A check of a learner's function. */
export function functionCheck<A extends readonly unknown[], R = number>(given: FunctionCase<A, R>) {
  return check((answer: (...input: A) => R) => wrongFunction(answer, given), given.why);
}

/** Inputs of a function, each the list of its arguments. */
export function each<A extends readonly unknown[]>(...inputs: readonly A[]): readonly A[] {
  return inputs;
}

function wrongFunction<A extends readonly unknown[], R>(
  answer: (...input: A) => R,
  { of, gives, inputs, wrong, reads }: FunctionCase<A, R>,
): Wrong {
  const [, name, list] = /^(\w+)\((.*)\)$/.exec(of)!;
  const parameters = list.split(', ');
  if (typeof answer !== 'function')
    return `${name} must be a function of ${list.replace(/, (?=\w+$)/, ' and ')}.`;
  for (const [i, input] of inputs.entries()) {
    const shown = input.map((value, i) => inCall(value, parameters[i]));
    const call = `${name}(${shown.join(', ')})`;
    const hidden = parameters.map((parameter, p) =>
      i > 0 && shown[p] === parameter && parameter !== 'key' ? hiddenValue(parameter, input[p]) : '',
    );
    let found: unknown;
    try {
      found = called(answer, ...structuredClone(input)); // a learner's code may change what it gets
    } catch (error) {
      if (i === 0 || error instanceof TooLong) throw error;
      return `in ${call}, ${stoppedWith(error)}${hidden.join('')}`;
    }
    if (found === undefined && i === 0) return `${name} returns nothing. Does it end in a return?`;
    if (found === undefined) return `${call} gives nothing back. Which way has no return?${hidden.join('')}`;
    const asList = gives === 'a list' && isIterable(found) ? ': make a list of it, as [...it]' : '';
    const made = /\b(to(?:Fixed|Precision|String)|String)\(/.exec(String(answer))?.[1]; // a text of a number
    if (!isA(gives, found))
      return `${call} must be ${gives ?? 'a number'}, but is ${described(found, made)}${asList}.`;
    const text = wrong(found as R, ...input);
    const power = gives === undefined && /[\w)] *\^ *[\w(]/.test(String(answer));
    const hint = power ? ' (In TypeScript, ^ is no power: write **.)' : '';
    if (text) return `${call}${inResult(found)}: ${text}${hint}${hidden.join('')}`;
  }
  if (reads === undefined || isRead(String(answer), parameters.indexOf(reads))) return undefined;
  return `every number is right, but ${name} never reads \`${reads}\`. What is it for?`;
}

/** Whether a function names its parameter once more. Where that cannot be seen, it does. */
function isRead(code: string, place: number): boolean {
  const [, own] = /^(?:function)?\s*\w*\s*\(([^(){}[\].]*)\)/.exec(code) ?? [];
  if (own === undefined || /\barguments\b|\[native code\]/.test(code)) return true;
  const [name] = /\w+/.exec(own.split(',')[place] ?? '') ?? [];
  return name !== undefined && code.split(new RegExp(`\\b${name}\\b`)).length > 2;
}

/** Calls a learner's function. An async one gives a promise in any case, and no time limit holds after its first `await`: it is not called. */
export function called<A extends readonly unknown[]>(answer: (...input: A) => unknown, ...input: A): unknown {
  const isAsync = Object.prototype.toString.call(answer) === '[object AsyncFunction]';
  return isAsync ? Promise.resolve() : answer(...input);
}

function isA(gives: FunctionCase<never, never>['gives'], found: unknown): boolean {
  if (gives === 'a list') return Array.isArray(found);
  if (gives === 'a text') return typeof found === 'string';
  if (gives)
    return typeof found === 'object' && found !== null && !(found instanceof Promise || Array.isArray(found));
  return typeof found === 'number' && !Number.isNaN(found);
}

/** An argument as a call shows it: numbers and short lists as they are, anything else by its parameter's name. */
function inCall(value: unknown, parameter: string): string {
  const text = JSON.stringify(value).replaceAll(',', ', ');
  return /[{}]/.test(text) || text.length > 60 || parameter === 'key' ? parameter : text;
}

/** An argument that a call does not show: lists with a line for each element. */
function hiddenValue(parameter: string, value: unknown): string {
  const written = (one: unknown) =>
    typeof one === 'string'
      ? one
      : JSON.stringify(one)
          .replace(/"(\w+)":/g, '$1: ')
          .replace(/[{}]|,/g, (sign) => PADDED[sign]);
  if (!Array.isArray(value)) return ` Here ${parameter} is ${written(value)}.`;
  return `\nHere ${parameter} has\n${value.map((one) => `  ${written(one)}`).join('\n')}`;
}

const PADDED: Readonly<Record<string, string>> = { '{': '{ ', '}': ' }', ',': ', ' };

function isIterable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

function inResult(found: unknown): string {
  if (typeof found === 'number') return ` is ${grouped(found)}`;
  return typeof found === 'string' ? ` is '${found}'` : '';
}

/** A number for a message: whole ones with thin gaps, 1 000 000; others, and those beyond 1e15, to four digits. */
export function grouped(value: number): string {
  if (Math.abs(value) > 1e15) return value.toExponential(3).replace('+', '');
  const shown = Number.isInteger(value) ? value : Number(value.toPrecision(4));
  const text = String(shown);
  return Number.isSafeInteger(shown) ? text.replace(/\B(?=(\d{3})+$)/g, ' ') : text;
}
