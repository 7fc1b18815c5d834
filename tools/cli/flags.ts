// Flags that several commands share, read the same way everywhere.
import { Option } from 'commander';
import { InvalidArgumentError } from '../../lib/errors.js';

/** What --public-url means, wherever there is a dashboard. */
export const PUBLIC_URL = 'where a proxy shows the dashboard (default: what JupyterHub or Codespaces say)';

/** A flag whose value is a whole number, as readCount reads it. */
export function countOption(flags: string, description: string, least = 1): Option {
  const option = new Option(flags, description);
  return option.argParser((text) => readCount(`${option.long}`, text, least));
}

/** A flag whose value is out of a closed list. */
export function choiceOption(flags: string, description: string, choices: readonly string[]): Option {
  return new Option(flags, description).choices(choices);
}

/** '1000000', '1e9', '1_000_000' as a number. @throws InvalidArgumentError with the text given and the remedy */
export function readCount(flag: string, text: string, least = 1): number {
  const value = /^\d+(_\d+)*(\.\d+)?(e\+?\d+)?$/i.test(text) ? Number(text.replaceAll('_', '')) : NaN;
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new InvalidArgumentError(
    `${flag} must be a whole number from ${least} to 2^53 - 1, got '${text}'. Write it as 12, 1_000_000 or 1e6.`,
  );
}

/** A value out of a closed list, where a flag takes several. */
export function readChoice<T extends string>(flag: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found) return found;
  throw new InvalidArgumentError(`${flag} must be one of ${choices.join(', ')}, got '${text}'.`);
}

/** A seed as it is written on the command line: a text, which means the same as the number it spells. */
export function readSeed(text: string): number | string {
  if (text === '')
    throw new InvalidArgumentError(
      "--seed must not be empty, got ''. Give a number or a text, or leave it out for 2017.",
    );
  return String(Number(text)) === text && Number.isSafeInteger(Number(text)) ? Number(text) : text;
}
