// What the bench says: the machine, a table, the claims with their bounds and what is absent; as text and for the README.
import { table } from '../../dist/tools/cli/table.js';
import { InvalidArgumentError } from '../../dist/lib/errors.js';
import { compare, digits, median, range, short } from './statistics.mjs';
import { WORKERS } from './subjects.mjs';

/** What a claim says of its two values, and what stands for a list of them. */
const KINDS = {
  ratio: { how: (a, b) => a / b, of: median, sign: '<=' },
  difference: { how: (a, b) => a - b, of: median, sign: '<=' },
  seconds: { how: (a) => a, of: median, sign: '<=' },
  milliseconds: { how: (a) => 1000 * a, of: median, sign: '<=' },
  rate: { how: (a) => a, of: median, sign: '>=' },
  efficiency: { how: (one, all) => one / (WORKERS * all), of: (values) => Math.min(...values), sign: '>=' },
};

/** Whether each claim holds: { text, kind, value, range, bound, state }, without value where a subject was not measured. */
export function judge(claims, results) {
  return claims.map(({ text, a, b = a, bound: limit, measure, kind }) => {
    const bound = `${KINDS[kind].sign} ${written(kind, limit)}`;
    const sides = [a, b].map(([subject, samples]) => {
      const result = results.find((one) => one.subject === subject && one.samples === samples);
      const values = result?.[measure] ?? [];
      const rates = () => values.map((seconds) => samples / seconds);
      return { name: `${subject} at ${short(samples)}`, values: kind === 'rate' ? rates() : values };
    });
    const missing = sides.find(({ values }) => values.length === 0);
    if (missing) return { text, kind, bound, state: `not measured: ${missing.name}` };
    const found = compare(KINDS[kind].how, KINDS[kind].of, sides[0].values, sides[1].values);
    const reached = KINDS[kind].sign === '<=' ? found.value <= limit : found.value >= limit;
    return { text, kind, ...found, bound, state: reached ? 'reached' : 'not reached' };
  });
}

/** Numbers of samples for which programs that must give one count gave several. */
export function disagreements(results) {
  const counts = new Map();
  for (const { exact, samples, inside } of results) {
    if (exact) counts.set(samples, (counts.get(samples) ?? new Set()).add(inside));
  }
  return [...counts]
    .filter(([, found]) => found.size > 1)
    .map(([samples, found]) => ({ samples, inside: [...found] }));
}

/** The machine and the tools, in one line. */
export function describe({ cpu, coresSeen, coresAllotted, memoryBytes, platform, arch, node }, tools = {}) {
  const cores = `${coresSeen} cores${coresAllotted < coresSeen ? ` (${coresAllotted} allotted)` : ''}`;
  const versions = Object.entries(tools).map(([name, version]) => `${name} ${version}`);
  return [
    cpu,
    cores,
    `${(memoryBytes / 2 ** 30).toFixed(1)} GiB`,
    `${platform} ${arch}`,
    `Node ${node}`,
    ...versions,
  ].join(', ');
}

/** A record for a terminal. */
export function asText(record) {
  const { machine, tools, results, claims, absent } = record;
  const lines = [describe(machine, tools), ...busy(record), '', tableOf(RESULT_HEAD, results.map(resultRow))];
  for (const { label, reason, install } of absent) {
    lines.push(
      `${install ? 'absent' : 'left out'}: ${label}: ${reason}${install ? `; install: ${install}` : ''}`,
    );
  }
  lines.push('', tableOf(CLAIM_HEAD, claims.map(claimRow)));
  for (const { samples, inside } of record.disagreements) {
    lines.push(
      `COUNTS DIFFER for ${samples} samples: ${inside.join(', ')}. This is a bug, please report it with this table.`,
    );
  }
  return lines.join('\n');
}

const tableOf = (head, rows) => (rows.length > 0 ? table(head, rows) : 'nothing was measured');

/** A record for the README; `files` are its numbers and its chart, from there. */
export function asMarkdown(record, files) {
  const { machine, tools, results, claims, absent, date, rounds } = record;
  const numbers = `${rounds} interleaved rounds ([numbers](${files.json}))`;
  const how = 'The value of a warm program in a round is the fastest of its repeats.';
  return [
    [
      `Recorded by \`npm run bench -- --readme\` on ${date} in ${numbers}: ${describe(machine, tools)}.`,
      how,
      ...busy(record),
    ].join(' '),
    `![Nanoseconds per sample of each program, on a logarithmic axis](${files.svg})`,
    markdownTable(CLAIM_HEAD, claims.map(claimRow)),
    markdownTable(RESULT_HEAD, results.map(resultRow)),
    ...absent.map(({ label, reason }) => `Not measured: ${label}: ${reason}.`),
  ].join('\n\n');
}

/** Puts a text between the markers `<!-- NAME:begin -->` and `<!-- NAME:end -->`. @throws InvalidArgumentError where there are none */
export function fillRegion(document, name, text) {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from)
    throw new InvalidArgumentError(
      `--readme: README.md has no lines ${begin} and ${end}. Put them where the run belongs.`,
    );
  return `${document.slice(0, from)}${begin}\n\n${text}\n\n${document.slice(to)}`;
}

function busy({ load, machine }) {
  return load > 0.3 * machine.coresSeen
    ? [`Load before the first round: ${digits(load)}, so other programs were running too.`]
    : [];
}

const RESULT_HEAD = [
  'program',
  'samples or tasks',
  'runs',
  'seconds',
  'range',
  'CPU s',
  'ns/sample',
  'peak MB',
];

function resultRow({ label, samples, unit, seconds, cpuSeconds, peakMemoryBytes }) {
  const known = (values, write) => (values.length > 0 ? write(median(values)) : '-');
  return [
    ...[label, short(samples), String(seconds.length), digits(median(seconds)), span(range(seconds), digits)],
    known(cpuSeconds, digits),
    samples > 1 && unit !== 'tasks' ? digits((median(seconds) / samples) * 1e9) : '-',
    known(peakMemoryBytes, (bytes) => (bytes / 1e6).toFixed(0)),
  ];
}

const CLAIM_HEAD = ['claim, medians', 'measured', 'range', 'bound', 'result'];

function claimRow({ text, kind, value, range: found, bound, state }) {
  const write = (number) => written(kind, number);
  return [text, ...(value === undefined ? ['-', '-'] : [write(value), span(found, write)]), bound, state];
}

function span([least, largest], write) {
  return `${write(least)} - ${write(largest)}`;
}

/** A small ratio reads best as '1/25': so many times faster. */
function written(kind, value) {
  return kind === 'ratio' && value > 0 && value < 0.4 ? `1/${digits(1 / value)}` : digits(value);
}

/** Aligned as the formatter aligns it, all columns but the first to the right. */
function markdownTable(head, rows) {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => row[column].length)));
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  const pad = (cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]));
  return [head, rule, ...rows].map((cells) => `| ${cells.map(pad).join(' | ')} |`).join('\n');
}
