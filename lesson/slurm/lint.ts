// Finds what goes wrong in job scripts although Slurm accepts them, before the job has waited for hours.

/** A slip in a script: the line (from 1) and what to write instead. */
export interface Slip {
  readonly line: number;
  readonly message: string;
}

/** Short options that learners meet, and their long names. */
const LONG: { readonly [short: string]: string } = Object.fromEntries(
  't time, o output, e error, p partition, A account, c cpus-per-task, n ntasks, N nodes, J job-name, a array, C constraint'
    .split(', ')
    .map((pair) => pair.split(' ') as [string, string]),
);

/** Reads a job script and tells its slips, in the order of its lines. */
export function lintScript(script: string): Slip[] {
  const slips: Slip[] = [];
  const seen = new Map<string, { line: number; value: string }>();
  let commands = false;
  const lines = script.split('\n');
  for (const [i, text] of lines.entries()) {
    const line = i + 1;
    const slip = (message: string) => slips.push({ line, message });
    const directive = directiveOf(text);
    if (directive) {
      const { name, value } = directive;
      const earlier = seen.get(name);
      const mistake = name === 'time' ? lintTime(value) : undefined;
      if (commands)
        slip(`--${name} comes after the first command, where Slurm no longer reads directives. Move it up.`);
      if (earlier)
        slip(`--${name} is in line ${earlier.line} already; the last one counts. Remove one of them.`);
      if (mistake) slip(mistake);
      seen.set(name, { line, value });
    } else if (/^\s+#SBATCH|^# ?SBATCH|^#sbatch/.test(text))
      slip('Slurm reads this as a comment. A directive begins the line, as #SBATCH --time=01:00:00');
    else if (/^\s*[^#\s]/.test(text)) commands = true;
  }
  const output = seen.get('output');
  if (seen.has('array') && output && !output.value.includes('%a'))
    slips.push({
      line: output.line,
      message: 'All elements would write one log. Name it %A_%a.log: job and element.',
    });
  if (!lines[0].startsWith('#!'))
    slips.push({ line: 1, message: 'The first line must name the shell: #!/usr/bin/env bash' });
  if (!seen.has('time'))
    slips.push({ line: 1, message: 'No --time: the site decides. Ask for it, as #SBATCH --time=01:00:00' });
  return slips.sort((a, b) => a.line - b.line);
}

function directiveOf(text: string): { readonly name: string; readonly value: string } | undefined {
  const found = /^#SBATCH\s+(?:--([a-z-]+)(?:[=\s]\s*(.*))?|-([A-Za-z])\s*(.*))$/.exec(text);
  return found
    ? { name: found[1] ?? LONG[found[3]] ?? found[3], value: (found[2] ?? found[4] ?? '').trim() }
    : undefined;
}

/** What is wrong with a time, if anything: Slurm fills up missing fields from the wrong end for most readers. */
function lintTime(text: string): string | undefined {
  const seconds = secondsOf(text);
  const padded = "Write hours, minutes and seconds, two digits each: '01:00:00' is an hour.";
  if (seconds === undefined) return `'${text}' is no time that Slurm knows. ${padded}`;
  const read = `'${text}' is ${seconds} seconds`;
  if (/^\d+:\d+$/.test(text)) return `${read}: two fields are minutes and seconds. ${padded}`;
  if (/:\d(:|$)/.test(text)) return `${read}; a field with one digit is easily misread. ${padded}`;
  return seconds < 60 ? `${read}; Slurm counts in minutes. ${padded}` : undefined;
}

/** A time as Slurm reads it, in seconds: M, M:S, H:M:S, D-H, D-H:M, D-H:M:S. */
export function secondsOf(text: string): number | undefined {
  const [, days, rest] = /^(?:(\d+)-)?(\d+(?::\d+){0,2})$/.exec(text) ?? [];
  if (rest === undefined) return undefined;
  const fields = rest.split(':').map(Number);
  const [hours, minutes, seconds] =
    days !== undefined || fields.length === 3 ? [...fields, 0, 0] : [0, fields[0], fields[1] ?? 0];
  return ((Number(days ?? 0) * 24 + hours) * 60 + minutes) * 60 + seconds;
}
