// The evidence as one HTML page: no script, nothing from elsewhere, readable by eye and by ear, in light and in dark.
import { LEDGER_ROWS, machineLine, percent, short } from '../../tools/measure/index.js';
import { ledgerChart, speedUpChart } from '../charts/charts.js';
import { escaped, htmlTable } from '../charts/html.js';
import { pictureOf } from '../charts/svg.js';
import { cameFirst, judgeEvidence, pointsOf, speedUpOf, totalsOf, type Evidence } from './evidence.js';
import { integralOf } from './sum.js';

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
  const sections = [head, theSum, equalResults, prediction, timings, whereTimeWent, conclusions, rubric];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>Evidence: ${escaped(evidence.title)}</title><style>${STYLE}</style></head>
<body><main>
${sections.map((section) => section(evidence)).join('\n')}
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

/** Code from a cell, without the indentation that it had there. */
function outdented(code: string): string {
  const later = code.split('\n').slice(1);
  const indents = later.flatMap((line) => /^ *(?=\S)/.exec(line)?.[0].length ?? []);
  const least = indents.length > 0 ? Math.min(...indents) : 0;
  return code.replaceAll(`\n${' '.repeat(least)}`, '\n');
}

function equalResults(evidence: Evidence): string {
  const { stages } = evidence.measured;
  const cuts = new Set(stages.flatMap(({ totals }) => totals.map(({ pieces }) => pieces)));
  const totalAt = (cut: number) =>
    stages.map(
      ({ totals }) =>
        totals.flatMap((one) => (one.pieces === cut ? [one.total] : [])).join(' or ') || 'not run',
    );
  const rows = [...cuts].sort((a, b) => a - b).map((cut) => [String(cut), ...totalAt(cut)]);
  const notRun = Object.entries(evidence.notRun).map((why) => `<li>${escaped(why.join(': not run. '))}</li>`);
  return `<h2>Equal results</h2><p>${equality(totalsOf(evidence))}</p>
${table('Grains by stage and number of pieces', ['pieces', ...stages.map(({ stage }) => stage)], rows)}
${notRun.length > 0 ? `<ul>${notRun.join('')}</ul>` : ''}`;
}

function equality(totals: readonly number[]): string {
  const different = new Set(totals).size;
  if (different === 0) return '<span class="bad">Nothing was run.</span>';
  if (different > 1) return `<span class="bad">Not equal:</span> ${different} different totals.`;
  return Number.isSafeInteger(totals[0])
    ? '<span class="good">Equal:</span> one integer from every stage, in every cut.'
    : '<span class="bad">Equal, but no exact integer:</span> another cut may give another total.';
}

function prediction(evidence: Evidence): string {
  const pool = speedUpOf(evidence, 'pool')?.median;
  const rows = evidence.forecasts.map((forecast) => [
    forecast.by,
    Number.isNaN(forecast.speedUp) ? '-' : forecast.speedUp.toFixed(2),
    pool === undefined ? 'not measured' : pool.toFixed(2),
    pool === undefined || Number.isNaN(forecast.speedUp) ? '-' : percent(forecast.speedUp / pool - 1),
    cameFirst(evidence, forecast) ? 'before' : 'after',
    forecast.why,
  ]);
  const alone = evidence.measured.stages.some(({ stage, workers }) => stage === 'pool' && workers === 1);
  return `<h2>Prediction beside measurement</h2>
<p>${alone ? 'With one worker a speed-up is not measurable here.' : 'Of the speed-up of the pool against the serial stage.'}</p>
${table('Predicted and measured speed-up', ['by', 'predicted', 'measured', 'off by', 'the first run', 'why'], rows)}`;
}

function timings(evidence: Evidence): string {
  const { pieces, stages } = evidence.measured;
  const rows = stages.flatMap(({ stage, workers, times }) => {
    if (!times) return [];
    const { seconds, cpuSeconds, cold, warm } = times;
    const range = `${short(seconds.median)} (${short(seconds.low)} to ${short(seconds.high)})`;
    const speedUp = speedUpOf(evidence, stage)?.median.toFixed(2) ?? '-';
    const row = [stage, workers, warm.length, short(cold.seconds), range, short(cpuSeconds.median), speedUp];
    return [row.map(String)];
  });
  const columns = ['stage', 'workers', 'warm runs', 'cold s', 'warm s, median (range)', 'CPU s', 'speed-up'];
  const parallel = stages.flatMap(({ stage, workers }) => {
    const speedUp = speedUpOf(evidence, stage);
    return speedUp && stage !== 'serial' && workers > 1 ? [[stage, [{ workers, speedUp }]] as const] : [];
  });
  const chart = () => `\n<p>${pictureOf(speedUpChart(Object.fromEntries(parallel)))}</p>`;
  return `<h2>Timings</h2>
<p>All stages in turn, in ${pieces} pieces; a cold run first, which does not count. The CPU time is that of this process: a cluster's workers have their own.</p>
${table('Time of each stage', columns, rows)}${parallel.length > 0 ? chart() : ''}`;
}

function whereTimeWent({ ledger, limit }: Evidence): string {
  const rowOf = ({ name, seconds, share }: (typeof ledger.rows)[number]) => {
    return [name, seconds.toFixed(4), percent(share), LEDGER_ROWS[name]];
  };
  const known = `Named as the row that costs most: <strong>${escaped(limit)}</strong>.`;
  const named = limit === '' ? 'No row is named as the one that costs most.' : known;
  return `<h2>Where the time went</h2>
<p>The ledger of one run of the pool with ${ledger.threads} ${ledger.threads === 1 ? 'thread' : 'threads'}, ${short(ledger.makespanSeconds)} s long. ${named}</p>
${table('Overhead ledger', ['row', 'thread-seconds', 'share', 'what it is'], ledger.rows.map(rowOf))}
<p>${pictureOf(ledgerChart({ pool: ledger }))}</p>`;
}

function conclusions({ verdict, doubts }: Evidence): string {
  const quote = (text: string) =>
    text.trim() === '' ? '<p>Nothing is written yet.</p>' : `<blockquote>${escaped(text)}</blockquote>`;
  return `<h2>Verdict</h2>\n${quote(verdict)}\n<h2>Doubts</h2>\n${quote(doubts)}`;
}

function rubric(evidence: Evidence): string {
  const rows = judgeEvidence(evidence).map(({ item, most, points, why }) => {
    return [item, `${points ?? '__'} of ${most}`, points === undefined ? 'a person' : 'the kit', why];
  });
  return `<h2>Rubric</h2>\n${table('What was looked for', ['item', 'points', 'judged by', 'because'], rows)}`;
}

/** A table that scrolls by itself if it is too wide, by keyboard too. */
function table(caption: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return `<div class="wide" role="region" tabindex="0" aria-label="${escaped(caption)}">${htmlTable([columns, ...rows], caption)}</div>`;
}
