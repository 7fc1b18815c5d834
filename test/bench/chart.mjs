// The bench's chart: nanoseconds per sample on a logarithmic axis, median and range, as SVG.
import { digits, median, range, short } from './statistics.mjs';

const WIDTH = 860;
const LEFT = 290;
const RIGHT = 70;
const ROW = 26;
const TOP = 84;
/** Most programs are measured at so many samples. */
const SAMPLES = 1e8;

/** Shape and colour tell ours from peers; the colours are Okabe and Ito's (2008), apart for all kinds of sight. */
const STYLE = `
  svg { --paper: #fff; --ink: #222; --soft: #595959; --grid: #ddd; --ours: #0072b2; --peer: #a04a00 }
  @media (prefers-color-scheme: dark) { svg { --paper: #1c1c1c; --ink: #eee; --soft: #b0b0b0; --grid: #444; --ours: #56b4e9; --peer: #e69f00 } }
  text { font: 13px system-ui, sans-serif; fill: var(--ink) }
  .soft { fill: var(--soft); font-size: 12px }
  .grid { stroke: var(--grid) }
  .ours { stroke: var(--ours); fill: var(--ours); stroke-width: 2 }
  .peer { stroke: var(--peer); fill: var(--paper); stroke-width: 2 }`;

/**
 * Draws the warm results, the fastest first, each at SAMPLES or, where that was not measured, at its largest number.
 * @param note where it was measured, one line
 */
export function drawChart(results, note) {
  const marks = choose(results).sort((a, b) => a.at - b.at);
  const decades = marks.flatMap(({ least, largest }) => [Math.log10(least), Math.log10(largest)]);
  const [from, to] =
    marks.length > 0
      ? [Math.floor(Math.min(...decades)), Math.ceil(Math.max(...decades, Math.min(...decades) + 0.1))]
      : [0, 1];
  const x = (value) => LEFT + ((Math.log10(value) - from) / (to - from)) * (WIDTH - LEFT - RIGHT);
  const bottom = TOP + ROW * marks.length;
  const title = `Nanoseconds per sample, warm, ${short(SAMPLES)} samples`;
  const words = marks.map(
    ({ label, at, least, largest }) => `${label}: ${digits(at)} (${digits(least)} to ${digits(largest)})`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 46}" role="img" aria-labelledby="title desc">
<title id="title">${escape(title)}</title>
<desc id="desc">Median and range of each program. ${escape(words.join('; '))}.</desc>
<style>${STYLE}
</style>
<rect width="100%" height="100%" style="fill: var(--paper)"/>
<text x="12" y="26" style="font-size: 16px; font-weight: 600">${escape(title)}</text>
<text x="12" y="46" class="soft">${escape(note)}</text>
${marker('ours', 18, 64)}<text x="30" y="68" class="soft">this project</text>
${marker('peer', 128, 64)}<text x="140" y="68" class="soft">peers</text>
<text x="196" y="68" class="soft">mark: median; line: least to largest; less is faster; each step is ten times</text>
${ticks(from, to, x, bottom)}
${marks.map((mark, row) => drawMark(mark, TOP + ROW * (row + 0.5), x)).join('\n')}
</svg>
`;
}

function choose(results) {
  const bySubject = new Map();
  for (const result of results.filter(({ whole, aside }) => !whole && !aside)) {
    const known = bySubject.get(result.subject);
    const nearer =
      !known || (known.samples !== SAMPLES && (result.samples === SAMPLES || result.samples > known.samples));
    if (nearer) bySubject.set(result.subject, result);
  }
  return [...bySubject.values()].map((result) => {
    const perSample = result.seconds.map((value) => (value / result.samples) * 1e9);
    const [least, largest] = range(perSample);
    const label = result.samples === SAMPLES ? result.label : `${result.label} (${short(result.samples)})`;
    return { label, kind: result.peer ? 'peer' : 'ours', at: median(perSample), least, largest };
  });
}

function ticks(from, to, x, bottom) {
  return Array.from({ length: to - from + 1 }, (_, step) => 10 ** (from + step))
    .map((value) => {
      const at = x(value).toFixed(1);
      return `<line class="grid" x1="${at}" x2="${at}" y1="${TOP}" y2="${bottom}"/><text class="soft" x="${at}" y="${bottom + 18}" text-anchor="middle">${digits(value)} ns</text>`;
    })
    .join('\n');
}

function drawMark({ label, kind, at, least, largest }, y, x) {
  const end = Math.max(x(largest), x(at)) + 12;
  return `<text x="${LEFT - 12}" y="${y + 4}" text-anchor="end">${escape(label)}</text>
<line class="${kind}" x1="${x(least).toFixed(1)}" x2="${x(largest).toFixed(1)}" y1="${y}" y2="${y}"/>
${marker(kind, x(at), y)}<text x="${end.toFixed(1)}" y="${y + 4}">${digits(at)}</text>`;
}

function marker(kind, x, y) {
  if (kind === 'ours') return `<circle class="ours" cx="${x.toFixed(1)}" cy="${y}" r="5"/>`;
  return `<rect class="peer" x="${(x - 4.5).toFixed(1)}" y="${y - 4.5}" width="9" height="9"/>`;
}

function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
