// Reads a job script as sbatch does, and finds what Slurm refuses and what goes wrong although Slurm accepts it.
import { optionsIn, secondsOf, takesValue } from '../../tools/slurm/directives.js';

/** A slip in a script: the line (from 1) and what to write instead. What sbatch refuses begins with 'Slurm refuses'. */
export interface Slip {
  readonly line: number;
  readonly message: string;
}

/** A script's directives by their long names, where the last one counts, and its slips in the order of its lines. */
export interface ScriptRead {
  readonly options: ReadonlyMap<string, { readonly line: number; readonly value: string }>;
  readonly slips: readonly Slip[];
}

/** Finds a job script's slips, in the order of its lines. */
export function lintScript(script: string): readonly Slip[] {
  return readScript(script).slips;
}

/** Reads a job script. */
export function readScript(script: string): ScriptRead {
  const slips: Slip[] = [];
  const options = new Map<string, { line: number; value: string }>();
  const tell = (line: number, message: string) => void slips.push({ line, message });
  if (!script.startsWith('#!'))
    tell(1, 'Slurm refuses a script whose first line names no shell: #!/usr/bin/env bash');
  if (script.includes('\r\n'))
    tell(1, 'Slurm refuses DOS line breaks (\\r\\n). Save the file with Unix line breaks.');
  if (script.includes('\0')) tell(1, 'Slurm refuses a script that contains a NUL character.');
  let commands = false;
  for (const [i, text] of script.split(/\r?\n/).entries()) {
    const slip = (message: string) => tell(i + 1, message);
    if (/^[^#\s]|^\s+[^#\s]/.test(text)) commands = true;
    if (/^\s+#SBATCH|^# ?SBATCH|^#sbatch/.test(text) && !text.startsWith('#SBATCH'))
      slip('Slurm reads this as a comment. A directive begins the line, as #SBATCH --time=01:00:00');
    if (!text.startsWith('#SBATCH')) continue;
    for (const { name, value } of optionsIn(text.slice('#SBATCH'.length), commands ? () => {} : slip)) {
      const earlier = options.get(name);
      if (commands)
        slip(`--${name} comes after the first command, where Slurm no longer reads directives. Move it up.`);
      else if (!takesValue(name, value))
        slip(`Slurm refuses --${name}=${value}.${name === 'time' ? ` ${PADDED}` : ''}`);
      else if (name === 'time') lintTime(value, slip);
      if (earlier)
        slip(`--${name} is in line ${earlier.line} already; the last one counts. Remove one of them.`);
      options.set(name, { line: i + 1, value });
    }
  }
  const output = options.get('output');
  if (options.has('array') && output && !output.value.includes('%a'))
    tell(output.line, 'All elements would write one log. Name it %A_%a.log: job and element.');
  if (!options.has('time')) tell(1, 'No --time: the site decides. Ask for it, as #SBATCH --time=01:00:00');
  return { options, slips: slips.sort((a, b) => a.line - b.line) };
}

const PADDED = "Write hours, minutes and seconds, two digits each: '01:00:00' is an hour.";

/** Slurm fills up the missing fields of a time from the wrong end for most readers. */
function lintTime(text: string, slip: (message: string) => void): void {
  const seconds = secondsOf(text)!;
  const read = `'${text}' is ${seconds} seconds`;
  if (/^\d+:\d+$/.test(text)) slip(`${read}: two fields are minutes and seconds. ${PADDED}`);
  else if (/:\d(:|$)/.test(text)) slip(`${read}; a field with one digit is easily misread. ${PADDED}`);
  else if (seconds < 60) slip(`${read}; Slurm counts in minutes. ${PADDED}`);
}
