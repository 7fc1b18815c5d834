// Makes a job script of a template, a site's settings and values. The templates are working scripts themselves: rendering
// changes their directives and the lines that begin with a value's name, and nothing else.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { InvalidArgumentError, show } from '../errors.js';
import { lintTime } from '../../lesson/slurm/lint.js';

const word = v.pipe(
  v.string(),
  v.minLength(1),
  v.check(isPrintable, 'Expected a text without control characters'),
);
const settings = v.strictObject({
  partition: v.optional(word),
  account: v.optional(word),
  constraint: v.optional(word),
  /** As Slurm reads it: '01:00:00' is an hour. */
  time: v.optional(word),
  /** Cores for one worker. Array elements have one each: more of them run at once instead. */
  cpus: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** As '4G'; 'none' asks for none, for sites that refuse --mem. */
  memory: v.optional(word),
  name: v.optional(word),
  /** Where logs go; made before a job is submitted. */
  logDir: v.optional(
    v.pipe(word, v.regex(/^[^%\\]*$/, 'Expected a folder without % and \\, which Slurm fills in')),
  ),
  /** Shell lines before Node starts, as 'module load nodejs'. */
  prologue: v.optional(v.array(word)),
  /** Directives of your own, as '--qos=short'. */
  extra: v.optional(
    v.array(v.pipe(word, v.regex(/^--[a-z][a-z-]*(=.*)?$/, 'Expected --name or --name=value'))),
  ),
  /** Names of directives to leave out, as 'requeue'. */
  skip: v.optional(
    v.array(v.pipe(word, v.regex(/^[a-z][a-z-]*$/, 'Expected a name as requeue, without --'))),
  ),
  /** The Node that jobs run; absent means this one, or, after a prologue, whatever it brought. */
  node: v.optional(word),
});

/** What a site asks of its jobs. All of it may be left out. */
export type JobSettings = v.InferOutput<typeof settings>;
/** The scripts there are. */
export type TemplateName = 'worker' | 'all-in-one' | 'array' | 'reduce';

/** Where a site's settings are, if nobody says otherwise. */
export function defaultSettingsFile(): string {
  return join(homedir(), '.lola', 'slurm.json');
}

/**
 * Checks settings.
 * @param source what they are called in the message, as a file's name
 * @throws InvalidArgumentError for a name that is not known or a value that cannot be meant
 */
export function checkSettings(given: unknown, source: string): JobSettings {
  const { success, output, issues } = v.safeParse(settings, given);
  if (!success) {
    const [{ message, path }] = issues;
    const where = path ? path.map(({ key }) => String(key)).join('.') : 'settings';
    const known = Object.keys(settings.entries).join(', ');
    throw new InvalidArgumentError(`${source}: ${where}: ${message}. Known settings: ${known}.`);
  }
  const slip = output.time === undefined ? undefined : lintTime(output.time);
  if (slip) throw new InvalidArgumentError(`${source}: time: ${slip}`);
  return output;
}

/** @throws InvalidArgumentError where the file cannot be read or is malformed; a default file need not be there */
export function readSettings(file?: string): JobSettings {
  const path = file ?? defaultSettingsFile();
  try {
    return checkSettings(JSON.parse(readFileSync(path, 'utf8')), path);
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error;
    if (file === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    const reason = (error as Error).message;
    throw new InvalidArgumentError(
      `settings: cannot read ${show(path)}: ${reason}. It must hold JSON, as { "partition": "short" }.`,
    );
  }
}

/** What runs Node in a job: this one, or the one that the site's prologue brings. */
export function nodeWords({ node, prologue }: JobSettings): string[] {
  return [node ?? (prologue ? 'node' : process.execPath)];
}

/** A template as a learner reads it. */
export function templateText(name: TemplateName): string {
  return readFileSync(new URL(`./templates/${name}.sh`, import.meta.url), 'utf8');
}

/**
 * Renders a template.
 * @param values words for the script's own lists, by name: `lola=(...)` becomes theirs
 * @param directives set by the caller, such as array; the site's settings come after and win
 */
export function render(
  template: TemplateName,
  given: JobSettings,
  values: { readonly [name: string]: readonly string[] },
  directives: readonly string[] = [],
): string {
  const wanted = new Map<string, string>(); // directive's name -> line
  for (const text of [...directives, ...directivesOf(given, template)])
    wanted.set(nameOf(text), directive(text));
  const lines: string[] = [];
  let last = 0;
  for (const line of templateText(template).split('\n')) {
    const own = /^#SBATCH --([a-z-]+)/.exec(line)?.[1];
    const value = /^([a-z]+)=\(/.exec(line)?.[1];
    if (own !== undefined) {
      if (!given.skip?.includes(own)) lines.push(wanted.get(own) ?? line);
      wanted.delete(own);
      last = lines.length;
    } else if (value !== undefined && values[value])
      lines.push(`${value}=(${values[value].map(shellQuote).join(' ')})`);
    else if (line.startsWith('# prologue:') && given.prologue) lines.push(...given.prologue);
    else lines.push(line);
  }
  const added = [...wanted].filter(([name]) => !given.skip?.includes(name)).map(([, line]) => line);
  lines.splice(last, 0, ...added);
  return lines.join('\n');
}

function directivesOf(given: JobSettings, template: TemplateName): string[] {
  const { partition, account, constraint, time, cpus, memory, name, logDir, extra = [] } = given;
  const pattern = template === 'array' ? '%A_%a' : '%x-%j';
  const pairs = Object.entries({
    partition,
    account,
    constraint,
    time: template === 'reduce' ? undefined : time,
    'cpus-per-task': template === 'worker' || template === 'all-in-one' ? cpus : undefined,
    mem: memory === 'none' ? undefined : memory,
    'job-name': name,
    output: logDir === undefined ? undefined : join(logDir, `${pattern}.log`),
  });
  const set = pairs.flatMap(([option, value]) => (value === undefined ? [] : [`--${option}=${value}`]));
  return [...set, ...extra];
}

const nameOf = (text: string): string => /^--([a-z-]+)/.exec(text)?.[1] ?? text;

/** A line that sbatch reads as this option with this value; sbatch has quotes and a backslash of its own. */
function directive(text: string): string {
  const [, name, value] = /^(--[a-z-]+)(?:=(.*))?$/.exec(text) ?? [];
  if (value === undefined) return `#SBATCH ${name}`;
  const plain = /^[\w./:,=@%+*[\]&|^-]+$/.test(value);
  return `#SBATCH ${name}=${plain ? value : `"${value.replace(/["\\]/g, '\\$&')}"`}`;
}

/**
 * A word that bash reads as exactly this text.
 * @throws InvalidArgumentError for a text with a NUL, which no program can be given
 */
export function shellQuote(text: string): string {
  if (text.includes('\0'))
    throw new InvalidArgumentError(`script: a value must not contain NUL, got ${show(text)}.`);
  return /^[\w./:,=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function isPrintable(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- they are what is refused: a line break would begin a line of its own
  return !/[\u0000-\u001f\u007f]/.test(text);
}
