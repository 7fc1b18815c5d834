// Makes a job script of a template, a site's settings and values. Templates are working scripts themselves: rendering
// changes their directives and the lines that begin with a value's name, and nothing else. Needs Node.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError, show } from '../errors.js';
import type { JobSettings } from './settings.js';

/** The scripts there are. */
export type TemplateName = 'worker' | 'all-in-one' | 'array' | 'reduce';

/**
 * Renders a template.
 * @param values words for the script's own lists, by name: `lola=(...)` becomes theirs
 * @param directives the caller's, such as --array=0-9; the site's settings come after them and win
 */
export function render(
  template: TemplateName,
  settings: JobSettings,
  values: { readonly [name: string]: readonly string[] },
  directives: readonly string[] = [],
): string {
  const wanted = new Map([...directives, ...directivesOf(settings, template)].map(nameAndLine));
  for (const name of settings.skip ?? []) wanted.delete(name);
  const lines: string[] = [];
  let last = 0; // after the template's last directive
  for (const line of templateText(template).split('\n')) {
    const [, name] = /^#SBATCH --([a-z-]+)/.exec(line) ?? [];
    const [, list] = /^([a-z]+)=\(/.exec(line) ?? [];
    if (name !== undefined) {
      if (!settings.skip?.includes(name)) lines.push(wanted.get(name) ?? line);
      wanted.delete(name);
      last = lines.length;
    } else if (list !== undefined && values[list])
      lines.push(`${list}=(${values[list].map(shellQuote).join(' ')})`);
    else if (line.startsWith('# prologue:') && settings.prologue) lines.push(...settings.prologue);
    else lines.push(line);
  }
  lines.splice(last, 0, ...wanted.values());
  return lines.join('\n');
}

/** A template as a learner reads it. */
export function templateText(name: TemplateName): string {
  return readFileSync(new URL(`./templates/${name}.sh`, import.meta.url), 'utf8');
}

function directivesOf(settings: JobSettings, template: TemplateName): string[] {
  const { partition, account, constraint, time, cpus, memory, name, logDir, extra = [] } = settings;
  const pattern = template === 'array' ? '%A_%a' : '%x-%j';
  const options = {
    partition,
    account,
    constraint,
    time: template === 'reduce' ? undefined : time,
    'cpus-per-task': template === 'worker' || template === 'all-in-one' ? cpus : undefined,
    mem: memory === 'none' ? undefined : memory,
    'job-name': name,
    output: logDir === undefined ? undefined : join(asIs(logDir), `${pattern}.log`),
  };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return [...given.map(([option, value]) => `--${option}=${value}`), ...extra];
}

/** A folder in the name of a log, in which Slurm fills in what follows a %. @throws InvalidArgumentError if it cannot be told */
function asIs(folder: string): string {
  if (!/[\\\p{Cc}]/u.test(folder)) return folder.replaceAll('%', '%%');
  throw new InvalidArgumentError(`script: no log can be below ${show(folder)}. Use a path without \\.`);
}

/** Of '--name=value', the name and a line that sbatch reads so. sbatch has quotes and a backslash of its own. */
function nameAndLine(option: string): [name: string, line: string] {
  const [, name, value] = /^--([a-z-]+)(?:=(.*))?$/.exec(option) ?? ['', option];
  if (value === undefined) return [name, `#SBATCH --${name}`];
  const plain = /^[\w./:,=@%+*[\]&|^-]+$/.test(value);
  return [name, `#SBATCH --${name}=${plain ? value : `"${value.replace(/["\\]/g, '\\$&')}"`}`];
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
