// The evidence as one HTML page: no script, nothing from elsewhere, readable by eye and by ear, in light and in dark.
import { integralOf } from './sum.js';
import { escaped, ledgerChart, short, speedUpChart } from '../charts/charts.js';
import {
  cameFirst,
  judgeEvidence,
  pointsOf,
  speedUpOf,
  totalsOf,
  type Evidence,
  type MeasuredStage,
} from './evidence.js';
import { LEDGER_ROWS } from '../../tools/measure/ledger.js';
import { machineLine, percent } from '../../tools/measure/text.js';
import { pictureOf } from '../charts/plotly.js';

const STYLE = `:root{color-scheme:light dark;--ink:#1f2328;--paper:#fff;--line:#8c959f;--soft:#f3f5f7;--good:#116329;--bad:#a40e26}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--line:#6e7681;--soft:#1b222b;--good:#56d364;--bad:#ff9d94}}
body{font:1rem/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:56rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{line-height:1.25;margin-bottom:.2rem}h2{margin-top:2.4rem;border-bottom:1px solid var(--line)}
.wide{overflow-x:auto}table{min-width:36rem;border-collapse:collapse;margin:.8rem 0}caption{text-align:left;font-weight:600;padding-bottom:.4rem}
th,td{border-bottom:1px solid var(--line);padding:.35rem .8rem .35rem 0;text-align:left;vertical-align:top}
.number{text-align:right;padding-left:.4rem;font-variant-numeric:tabular-nums;white-space:nowrap}thead th{vertical-align:bottom}
pre{background:var(--soft);padding:.8rem;overflow-x:auto;font-size:.875rem}blockquote{margin:.6rem 0;padding:.2rem 1rem;border-left:4px solid var(--line);white-space:pre-line}
img{max-width:100%;height:auto}.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}
@media print{.wide,pre{overflow:visible}table{min-width:0}pre{white-space:pre-wrap}}`;

/** The report: a text of HTML that needs neither server nor network. It names no host, no user and no path. */
export function evidencePage(evidence: Evidence): string {
  const { title } = evidence;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>Evidence: ${escaped(title)}</title><style>${STYLE}</style></head>
<body><main>
${[head, theSum, equalResults, prediction, timings, whereTimeWent, conclusions, rubric].map((part) => part(evidence)).join('\n')}
</main></body></html>
`;
}

function head(evidence: Evidence): string {
  const { title, by, machine, measured } = evidence;
  const { given, judged, open } = pointsOf(judgeEvidence(evidence));
  const date = new Date(measured.began).toISOString().slice(0, 10);
  const left = open === 0 ? '' : ` ${open} more are for a person to give.`;
  return `<h1>Evidence: ${escaped(title)}</h1>
<p>${by === '' ? '' : `By ${escaped(by)}, `}${date}. Machine: ${escaped(machineLine(machine))}.</p>
<p><strong>${given} of the ${judged} points that a program can judge.</strong>${left}</p>`;
}

function theSum(evidence: Evidence): string {
  const { sum, code, expected, tolerance } = evidence;
  const value = integralOf(sum, totalsOf(evidence)[0] ?? NaN);
  const known = Number.isFinite(expected)
    ? ` Known without this program: ${expected}, and ${tolerance} was allowed; it is off by ${Math.abs(value - expected).toPrecision(2)}.`
    : '';
  return `<h2>The sum</h2>
<p>${short(sum.terms)} terms, each a whole number of grains, ${sum.grains} of which are 1. The result is ${value}.${known}</p>
<pre tabindex="0" role="region" aria-label="The named task, as code"><code>${escaped(outdented(code))}</code></pre>`;
}

/** Code from a cell, without the indentation that it had there; only for the eye. */
function outdented(code: string): string {
  const indents = code
    .split('\n')
    .slice(1)
    .filter((line) => line.trim() !== '');
  const least = Math.min(...indents.map((line) => line.length - line.trimStart().length));
  return code.replace(new RegExp(`\\n {${Number.isFinite(least) ? least : 0}}`, 'g'), '\n');
}

function equalResults(evidence: Evidence): string {
  const { measured, notRun } = evidence;
  const different = new Set(totalsOf(evidence)).size;
  // The timed runs show a total as well, of their own number of pieces.
  const stages = measured.stages.map(({ stage, totals, times }) => {
    const timed = times ? [{ pieces: measured.pieces, total: times.value }] : [];
    return { stage, totals: new Map([...timed, ...totals].map(({ pieces, total }) => [pieces, total])) };
  });
  const cuts = [...new Set(stages.flatMap(({ totals }) => [...totals.keys()]))].sort((a, b) => a - b);
  const rows = cuts.map((cut) => [
    String(cut),
    ...stages.map(({ totals }) => String(totals.get(cut) ?? 'not run')),
  ]);
  const missing = Object.entries(notRun).map(
    ([stage, why]) => `<li>${escaped(`${stage}: not run. ${why}`)}</li>`,
  );
  const verdict =
    different === 0
      ? '<span class="bad">Nothing was run.</span>'
      : different > 1
        ? `<span class="bad">Not equal:</span> ${different} different totals.`
        : Number.isSafeInteger(totalsOf(evidence)[0])
          ? '<span class="good">Equal:</span> one integer from every stage, in every cut.'
          : '<span class="bad">Equal, but no exact integer:</span> another cut may give another total.';
  return `<h2>Equal results</h2><p>${verdict}</p>
${table('Grains by stage and number of pieces', ['pieces', ...measured.stages.map(({ stage }) => stage)], rows)}
${missing.length > 0 ? `<ul>${missing.join('')}</ul>` : ''}`;
}

function prediction(evidence: Evidence): string {
  const { forecasts, measured } = evidence;
  const pool = speedUpOf(evidence, 'pool');
  const rows = forecasts.map((forecast) => {
    const { by, speedUp, why } = forecast;
    return [
      by,
      Number.isNaN(speedUp) ? '-' : speedUp.toFixed(2),
      pool === undefined ? 'not measured' : pool.toFixed(2),
      pool === undefined || Number.isNaN(speedUp) ? '-' : percent(speedUp / pool - 1),
      cameFirst(evidence, forecast) ? 'before' : 'after',
      why,
    ];
  });
  const columns = ['by', 'predicted', 'measured', 'off by', 'the first run', 'why'];
  const one = measured.stages.find(({ stage }) => stage === 'pool')?.workers === 1;
  return `<h2>Prediction beside measurement</h2>
<p>${one ? 'With one worker a speed-up is not measurable here.' : 'Of the speed-up of the pool against the serial stage.'}</p>
${table('Predicted and measured speed-up', columns, rows)}`;
}

function timings(evidence: Evidence): string {
  const { measured } = evidence;
  const timed = measured.stages.filter(({ times }) => times);
  const rows = timed.map(({ stage, workers, times }) => {
    const { seconds, cpuSeconds, cold, warm } = times!;
    const spread = `${short(seconds.median)} (${short(seconds.low)} to ${short(seconds.high)})`;
    const speedUp = speedUpOf(evidence, stage);
    return [
      stage,
      workers,
      warm.length,
      short(cold.seconds),
      spread,
      short(cpuSeconds.median),
      speedUp?.toFixed(2) ?? '-',
    ].map(String);
  });
  const columns = ['stage', 'workers', 'warm runs', 'cold s', 'warm s, median (range)', 'CPU s', 'speed-up'];
  const chart = speedUps(evidence, timed);
  return `<h2>Timings</h2>
<p>All stages in turn, in ${measured.pieces} pieces; a cold run first, which does not count. The CPU time is that of this process: a cluster's workers have their own.</p>
${table('Time of each stage', columns, rows)}${chart}`;
}

function speedUps({ measured }: Evidence, timed: readonly MeasuredStage[]): string {
  const serial = measured.stages.find(({ stage }) => stage === 'serial')?.times?.seconds.median;
  const parallel = timed.filter(({ stage, workers }) => stage !== 'serial' && workers > 1);
  if (serial === undefined || parallel.length === 0) return '';
  const points = parallel.map(({ stage, workers, times }) => {
    const { median, low, high } = times!.seconds;
    return [
      stage,
      [{ workers, speedUp: { median: serial / median, low: serial / high, high: serial / low } }],
    ] as const;
  });
  return `\n<p>${pictureOf(speedUpChart(Object.fromEntries(points)))}</p>`;
}

function whereTimeWent({ ledger, limit }: Evidence): string {
  const rows = ledger.rows.map(({ name, seconds, share }) => [
    name,
    seconds.toFixed(4),
    percent(share),
    LEDGER_ROWS[name],
  ]);
  const named =
    limit === ''
      ? 'No row is named as the one that costs most.'
      : `Named as the row that costs most: <strong>${escaped(limit)}</strong>.`;
  return `<h2>Where the time went</h2>
<p>The ledger of one run of the pool with ${ledger.threads} ${ledger.threads === 1 ? 'thread' : 'threads'}, ${short(ledger.makespanSeconds)} s long. ${named}</p>
${table('Overhead ledger', ['row', 'thread-seconds', 'share', 'what it is'], rows)}
<p>${pictureOf(ledgerChart({ pool: ledger }))}</p>`;
}

function conclusions({ verdict, doubts }: Evidence): string {
  const quote = (text: string) =>
    text.trim() === '' ? '<p>Nothing is written yet.</p>' : `<blockquote>${escaped(text)}</blockquote>`;
  return `<h2>Verdict</h2>\n${quote(verdict)}\n<h2>Doubts</h2>\n${quote(doubts)}`;
}

function rubric(evidence: Evidence): string {
  const judged = judgeEvidence(evidence);
  const rows = judged.map(({ item, most, points, why }) => [
    item,
    `${points ?? '__'} of ${most}`,
    points === undefined ? 'a person' : 'the kit',
    why,
  ]);
  return `<h2>Rubric</h2>
${table('What was looked for', ['item', 'points', 'judged by', 'because'], rows)}`;
}

/** Numbers stand at the right; a table that is too wide scrolls by itself, by keyboard too. */
function table(caption: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const isNumber = columns.map((_, c) => rows.every((row) => /^[-\d][-\d.e%() to]*$/.test(row[c])));
  const kind = (c: number) => (isNumber[c] ? ' class="number"' : '');
  const head = columns.map((column, c) => `<th scope="col"${kind(c)}>${escaped(column)}</th>`).join('');
  const body = rows.map(([first, ...others]) => {
    const cells = others.map((cell, c) => `<td${kind(c + 1)}>${escaped(cell)}</td>`).join('');
    return `<tr><th scope="row"${kind(0)}>${escaped(first)}</th>${cells}</tr>`;
  });
  return `<div class="wide" role="region" tabindex="0" aria-label="${escaped(caption)}"><table><caption>${escaped(caption)}</caption><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}
