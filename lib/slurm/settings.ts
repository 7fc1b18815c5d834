// What a site asks of its jobs: partition, account, time, modules. Given by the caller or read from a file. Needs Node.
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { textOf } from '../atomic.js';
import { InvalidArgumentError, show } from '../errors.js';
import { lolaFolder } from '../machine.js';

/** A line break would begin a line of its own in a script. */
const word = v.pipe(v.string(), v.regex(/^\P{Cc}+$/u, 'Expected a text without control characters'));
const words = (form: RegExp, hint: string) => v.optional(v.array(v.pipe(word, v.regex(form, hint))));
/** MINUTES, HH:MM:SS or D-HH[:MM[:SS]]. Slurm takes 00:10 too, but it is ten seconds, and nobody means that. */
const TIME = /^(\d+|(\d+-)?\d+:\d\d:\d\d|\d+-\d+(:\d\d)?|UNLIMITED|INFINITE)$/i;
const settings = v.strictObject({
  partition: v.optional(word),
  account: v.optional(word),
  constraint: v.optional(word),
  time: v.optional(v.pipe(word, v.regex(TIME, "Expected HH:MM:SS: '01:00:00' is an hour"))),
  /** Cores for one worker. Elements of arrays have one each: more of them run at once instead. */
  cpus: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** As '4G'. 'none' asks for none, for sites that refuse --mem. */
  memory: v.optional(word),
  name: v.optional(v.pipe(word, v.regex(/^[^/,]*$/, 'Expected a name without a slash or comma'))),
  /** Where logs go. It is made before a job is submitted. */
  logDir: v.optional(
    v.pipe(
      word,
      v.regex(/^[^%\\]*$/, 'Expected a folder without % and \\, which Slurm fills in'),
      v.transform((folder) => folder.replace(/^~(?=\/|$)/, () => dirname(lolaFolder()))), // as a shell would
    ),
  ),
  /** Shell lines before Node starts, as 'module load nodejs'. */
  prologue: v.optional(v.array(word)),
  /** Directives of your own, as '--qos=short'. */
  extra: words(
    /^--(?!clusters?(=|$))[a-z][a-z-]*(=.*)?$/,
    'Expected --name or --name=value; for --clusters set SLURM_CLUSTERS, which every command of Slurm reads',
  ),
  /** Names of directives to leave out, as 'requeue'. */
  skip: words(/^[a-z][a-z-]*$/, 'Expected a name as requeue, without --'),
  /** The Node that jobs run. The default is this one or, after a prologue, the one that it brought. */
  node: v.optional(word),
});

/** What a site asks of its jobs. All of it may be left out. */
export type JobSettings = v.InferOutput<typeof settings>;

/**
 * Checks settings.
 * @param source what the message calls them, such as a file's name
 * @throws InvalidArgumentError for an unknown name or an invalid value
 */
export function checkSettings(given: unknown, source: string): JobSettings {
  const { success, output, issues } = v.safeParse(settings, given);
  if (success) return output;
  const [{ message, path }] = issues;
  const where = path ? path.map(({ key }) => String(key)).join('.') : 'settings';
  const known = Object.keys(settings.entries).join(', ');
  throw new InvalidArgumentError(`${source}: ${where}: ${message}. Known settings: ${known}.`);
}

/**
 * Reads a site's settings.
 * @param file JSON; the default is ~/.lola/slurm.json, which need not be there
 * @throws InvalidArgumentError if the file cannot be read or is malformed
 */
export function readSettings(file?: string): JobSettings {
  const path = file ?? join(lolaFolder(), 'slurm.json');
  try {
    return checkSettings(JSON.parse(textOf(path)), path);
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error;
    if (file === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new InvalidArgumentError(
      `settings: cannot read ${show(path)}: ${(error as Error).message}. It must hold JSON, as { "partition": "short" }.`,
    );
  }
}

/** The words that run Node in a job. */
export function nodeWords({ node, prologue }: JobSettings): string[] {
  return [node ?? (prologue?.length ? 'node' : process.execPath)];
}
