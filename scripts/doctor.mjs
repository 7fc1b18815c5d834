// `lola doctor`: says what is here, what to do about what is missing, and one line to paste to the instructor.
// It runs before any install and on a Node as old as 12, to say that it is too old: so no dependency, no newer
// syntax, and no newer built-in without asking for it first.
import fs from 'fs';
import url from 'url';
import { gather } from './doctor/facts.mjs';
import { report } from './doctor/report.mjs';

export * from './doctor/facts.mjs';
export * from './doctor/report.mjs';

const FLAGS = ['--json', '--help'];
const HELP = `Usage: lola doctor [--json]

Says what this machine has for the lesson, and what to do about what is missing.
  --json      print the facts as one JSON object
  -h, --help  print this text
Exit code: 0 ready, 1 something required is missing, 2 unknown flag.
`;

/** Runs the command with its arguments; returns the exit code: 0 ready, 1 something required is missing, 2 bad input. */
export function main(given) {
  const args = given.map((arg) => (arg === '-h' ? '--help' : arg)); // as the other commands have it
  const unknown = args.find((arg) => !FLAGS.includes(arg));
  if (unknown !== undefined) {
    process.stderr.write(`lola doctor: ${unknownFlag(unknown)}\n`);
    return 2;
  }
  if (args.includes('--help')) {
    process.stdout.write(HELP);
    return 0;
  }
  const facts = gather(url.fileURLToPath(new URL('..', import.meta.url)), process.env);
  const colour = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  process.stdout.write(
    args.includes('--json') ? `${JSON.stringify(facts, null, 2)}\n` : report(facts, colour),
  );
  return facts.ready ? 0 : 1;
}

/** What to say of an argument that this command does not know. */
export function unknownFlag(given) {
  const distances = FLAGS.map((flag) => editDistance(given, flag));
  const nearest = FLAGS[distances.indexOf(Math.min(...distances))];
  return `unknown ${given.startsWith('-') ? 'flag' : 'argument'} '${given}'. The nearest known one is ${nearest}; all: ${FLAGS.join(', ')}.`;
}

/** Insertions, deletions and replacements that turn one text into the other (Levenshtein 1966), row by row. */
function editDistance(from, to) {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = above[j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, above[j] + 1, row[j - 1] + 1));
    }
  }
  return row[to.length];
}

// The real path, because a clone may be reached through a link (as /tmp on macOS is), and Node resolves it.
if (process.argv[1] && fs.realpathSync(process.argv[1]) === url.fileURLToPath(import.meta.url)) {
  process.exitCode = main(process.argv.slice(2));
}
