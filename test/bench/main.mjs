// `npm run bench`: this project beside what a reader might use instead, round by round, on this machine.
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { EXIT } from '../../dist/tools/cli/exit.js';
import { readCount } from '../../dist/tools/cli/flags.js';
import { EstimatorError, InvalidArgumentError } from '../../dist/lib/errors.js';
import { describeMachine } from '../../dist/lib/machine.js';
import { keyOfSeed } from '../../dist/lib/sampling/seed.js';
import { drawChart } from './chart.mjs';
import { findTools, measure, prepareItems } from './programs.mjs';
import { asMarkdown, asText, describe, disagreements, fillRegion, judge } from './report.mjs';
import { interleave, short } from './statistics.mjs';
import { CLAIMS, INSTALL, SUBJECTS } from './subjects.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const README = join(ROOT, 'README.md');
/** Where the README's run lies, from the README. */
const RECORDED = { json: 'test/bench/recorded/bench.json', svg: 'test/bench/recorded/bench.svg' };
/** A quick run stops here and prints what it has (ms). */
const QUICK_MS = 45_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const MEASURES = ['seconds', 'cpuSeconds', 'peakMemoryBytes', 'medianLatencySeconds'];

/** Runs one command line and sets process.exitCode: 0 whatever was reached, 1 if counts differ, 2 bad input, 130 stopped. */
export async function main(words) {
  try {
    const options = readOptions(words);
    const record = await bench(options);
    process.stdout.write(`\n${asText(record)}\n`);
    if (record.stopped) process.exitCode = EXIT.interrupted;
    if (record.disagreements.length > 0) process.exitCode = EXIT.failed;
    write(record, options);
  } catch (error) {
    if (error instanceof EstimatorError) process.stderr.write(`bench: ${error.message}\n`);
    else if (!(error instanceof CommanderError)) throw error; // commander has said it already
    process.exitCode = error.exitCode === 0 ? 0 : EXIT.badInput;
  }
}

function readOptions(words) {
  const names = SUBJECTS.map(({ name }) => name);
  const program = new Command('npm run bench --')
    .description('Measures this project beside numpy, dask and C: medians of interleaved rounds.')
    .option('--quick', 'fewer samples and rounds, and an end within a minute')
    .option('--rounds <R>', 'how many rounds (absent: 7, or 3 if quick)')
    .option('--only <A,B>', `subjects, by name or by what their names begin with: ${names.join(', ')}`)
    .option('--json <FILE>', 'write all measurements to FILE')
    .option('--svg <FILE>', 'draw a chart to FILE')
    .option('--readme', `put a whole run into README.md, ${RECORDED.json} and ${RECORDED.svg}`)
    .allowExcessArguments(false)
    .exitOverride();
  const {
    quick = false,
    only,
    readme = false,
    rounds,
    ...files
  } = program.parse(words, { from: 'user' }).opts();
  const wanted = only === undefined ? names : only.split(',').flatMap((word) => namesLike(word, names));
  if (readme) {
    if (quick || only !== undefined)
      throw new InvalidArgumentError('--readme records a whole run. Leave out --quick and --only.');
    for (const [kind, path] of Object.entries(RECORDED)) files[kind] ??= join(ROOT, path);
    mkdirSync(join(ROOT, 'test/bench/recorded'), { recursive: true });
    fillRegion(readFileSync(README, 'utf8'), 'bench', ''); // what is missing is said before the work
  }
  for (const [kind, file] of Object.entries(files)) checkWritable(`--${kind}`, file);
  const subjects = SUBJECTS.filter(({ name }) => wanted.includes(name));
  const sized = subjects.map((subject) => ({ ...subject, sizes: (quick && subject.quick) || subject.sizes }));
  return {
    quick,
    readme,
    ...files,
    rounds: rounds === undefined ? (quick ? 3 : 7) : readCount('--rounds', rounds),
    subjects: sized,
  };
}

/** The name itself, or all that begin with it. */
function namesLike(word, names) {
  if (names.includes(word)) return [word];
  const found = names.filter((name) => word !== '' && name.startsWith(word));
  if (found.length > 0) return found;
  throw new InvalidArgumentError(`--only: no subject is called '${word}'. There are ${names.join(', ')}.`);
}

function checkWritable(flag, file) {
  try {
    closeSync(openSync(file, 'a'));
  } catch (cause) {
    throw new InvalidArgumentError(
      `${flag}: cannot write '${file}': ${cause.message}. Name a file in a folder that is there.`,
    );
  }
}

/** Measures round by round, until Ctrl-C or the end of a quick run's time; what is measured by then is kept. */
async function bench({ subjects, rounds, quick }) {
  const controller = new AbortController();
  const { signal } = controller;
  let stopped = false;
  const stop = () => {
    stopped = true;
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, stop); // until the end: npm passes Ctrl-C on, so that it comes twice
  const timer = quick ? setTimeout(() => controller.abort(), QUICK_MS) : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'lolas-pi-bench-'));
  const date = new Date().toISOString().slice(0, 10);
  const [load] = loadavg();
  const machine = describeMachine();
  const tools = findTools();
  const results = [];
  try {
    const given = {
      tools,
      install: INSTALL,
      key: keyOfSeed(),
      folder,
      memoryBytes: machine.memoryAllottedBytes,
      signal,
    };
    const { items, absent } = await prepareItems(subjects, given);
    const failed = new Set();
    for (const { round, item } of interleave(items, rounds)) {
      if (signal.aborted) break;
      if (failed.has(item.subject)) continue;
      progress(`round ${round} of ${rounds}: ${item.subject.label}, ${short(item.samples)}`);
      try {
        add(results, item, await measure(item, { folder, signal }));
      } catch (error) {
        if (signal.aborted) break;
        failed.add(item.subject);
        absent.push({ subject: item.subject.name, label: item.subject.label, reason: error.message });
      }
    }
    progress(signal.aborted ? 'stopped; this is what was measured' : '');
    const versions = Object.fromEntries(Object.entries(tools).map(([name, { version }]) => [name, version]));
    const about = {
      schema: 'lolas-pi-bench',
      version: 1,
      date,
      machine,
      tools: versions,
      load,
      rounds,
      quick,
    };
    const claims = judge(CLAIMS, results);
    return {
      ...about,
      stopped,
      results,
      claims,
      absent,
      disagreements: disagreements(results),
    };
  } finally {
    clearTimeout(timer);
    rmSync(folder, { recursive: true, force: true });
    for (const name of SIGNALS) process.removeListener(name, stop);
  }
}

/** Adds what an item measured in one round to its row of the results. */
function add(results, { subject, samples }, measured) {
  const {
    name,
    label,
    peer = false,
    whole = false,
    exact = false,
    aside = false,
    unit = 'samples',
  } = subject;
  const { inside, pi } = measured;
  let row = results.find((result) => result.subject === name && result.samples === samples);
  if (!row) {
    row = {
      subject: name,
      label,
      samples,
      peer,
      whole,
      exact,
      aside,
      unit,
      inside,
      pi,
      seconds: [],
      cpuSeconds: [],
      peakMemoryBytes: [],
      medianLatencySeconds: [],
    };
    results.push(row);
  }
  if (inside !== row.inside) throw new Error(`one seed gave two counts: ${row.inside} and ${inside}`);
  for (const name of MEASURES) if (measured[name] !== undefined) row[name].push(measured[name]);
}

/** Says on stderr what is going on: on a terminal in one line that changes. */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text) process.stderr.write(`${text}\n`);
}

function write(record, { json, svg, readme }) {
  if (readme && record.stopped)
    return void process.stderr.write('bench: stopped, so README.md keeps the run that it has.\n');
  if (json) writeFileSync(json, `${JSON.stringify(record, null, 2)}\n`);
  if (svg) writeFileSync(svg, drawChart(record.results, describe(record.machine)));
  if (readme)
    writeFileSync(README, fillRegion(readFileSync(README, 'utf8'), 'bench', asMarkdown(record, RECORDED)));
}
