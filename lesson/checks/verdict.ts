// What a check of an exercise finds, how a notebook shows it, and how numbers and functions are judged. Checks report and
// never throw: in Jupyter an error in one cell would end the run of all cells below it.
import { show } from '../../lib/errors.js';

/** Whether the answer holds, and what to say to the learner. */
export interface Verdict {
  readonly passed: boolean;
  readonly text: string;
}

export function passed(text: string): Verdict {
  return { passed: true, text };
}

export function notYet(text: string): Verdict {
  return { passed: false, text };
}

/** A check: prints a verdict, 'passed: ...' or 'not yet: ...'. What a learner's function throws is one too. */
export function telling<A extends readonly unknown[]>(
  judge: (...answer: A) => Verdict,
): (...answer: A) => void {
  return (...answer) => {
    try {
      print(judge(...answer));
    } catch (error) {
      print(stoppedWith(error));
    }
  };
}

/** The same where the answer must be computed. Resolves to whether it passed, so that later cells can ask. */
export function tellingLater<A extends readonly unknown[]>(
  judge: (...answer: A) => Promise<Verdict>,
): (...answer: A) => Promise<boolean> {
  return async (...answer) => {
    const verdict = await judge(...answer).catch(stoppedWith);
    print(verdict);
    return verdict.passed;
  };
}

function print({ passed, text }: Verdict): void {
  console.log(`${passed ? 'passed' : 'not yet'}: ${text}`);
}

export function stoppedWith(error: unknown): Verdict {
  return notYet(`your code stopped with ${String(error)}`);
}

/** A right number, what is behind some wrong ones, and what to say of any other. */
export interface NumberCase {
  readonly right: number;
  /** How far from `right` an answer may be, as it was rounded; 0 where none is given. */
  readonly within?: number;
  readonly slips: readonly (readonly [value: number, text: string])[];
  readonly other: (answer: number) => string;
  readonly why: string;
}

/** Judges a number that a learner gives. */
export function judgeNumber(answer: unknown, { right, within = 0, slips, other, why }: NumberCase): Verdict {
  if (typeof answer !== 'number') return notYet(`give a number, not ${show(answer)}.`);
  if (Number.isNaN(answer)) return notYet('replace NaN by a number.');
  if (Math.abs(answer - right) <= within) return passed(why);
  const slip = slips.find(([value]) => answer === value || Math.abs(answer / value - 1) < 0.02);
  return notYet(slip?.[1] ?? other(answer));
}

/** How a function is judged: by what it gives for some inputs, of which only the first may stand in the notebook. */
export interface FunctionCase<A extends readonly unknown[], R> {
  /** The function in words, as 'speedUp(parallel, faster)'. */
  readonly of: string;
  /** What it gives; a number where nothing is said. */
  readonly gives?: 'a list';
  readonly inputs: readonly Readonly<A>[];
  /** A call in words, as 'speedUp(0.73, 2)', which is what it is where none is given. */
  readonly call?: (...input: A) => string;
  /** What is wrong with a value, if anything. */
  readonly wrong: (found: R, asked: string, ...input: A) => string | undefined;
  readonly why: string;
}

/** Judges a function that gives numbers or lists. */
export function judgeFunction<A extends readonly unknown[], R extends number | readonly unknown[]>(
  answer: (...input: A) => R,
  { of, gives, inputs, call, wrong, why }: FunctionCase<A, R>,
): Verdict {
  const [, name, parameters] = /^(\w+)\((.*)\)$/.exec(of)!;
  if (typeof answer !== 'function')
    return notYet(`${name} must be a function of ${parameters.replace(/, (?=\w+$)/, ' and ')}.`);
  for (const input of inputs) {
    const found: unknown = answer(...structuredClone(input)); // whatever a learner's code does to it
    if (found === undefined) return notYet(`${name} gives nothing. Does it end in a return?`);
    const asked = call ? call(...input) : `${name}(${input.join(', ')})`;
    if (gives ? !Array.isArray(found) : typeof found !== 'number' || Number.isNaN(found))
      return notYet(`${asked} must be ${gives ?? 'a number'}, and is ${show(found)}.`);
    const text = wrong(found as R, asked, ...input);
    if (text) return notYet(text);
  }
  return passed(why);
}

/** A number for a message, with thin gaps: 1 000 000. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ' ');
}
