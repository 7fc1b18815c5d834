// A notebook as a page: its cells, and between them what they printed and drew in the recorded run, if there is one.
// site/ makes the cells of this page live; without scripts it reads well as it is.
import { codeLines, escaped } from './blocks.mjs';

/** Said under a cell that needs Node and gives no reason of its own. */
const NEEDS_NODE = 'This cell needs Node: it starts other programs, and a page cannot.';

/**
 * @typedef {{ text: string, svg?: string[], html?: string[], figures?: Record<string, object> }} Recorded
 *   what one cell printed; the names of its pictures; its tables; and plotly's figures by their picture's name
 * @typedef {{ date: string, machine: { cpu: string, cores: number, node: string }, cells: Record<string, Recorded> }} Recording
 */

/**
 * Writes a notebook as Markdown.
 * @param {{ cells: { id: string, cell_type: string, source: string | string[], metadata: { tags?: string[], lola?: { needs?: string, why?: string } } }[] }} notebook
 * @param {Recording | undefined} recording
 * @param {{ links: string, picture: (name: string) => string }} page what stands under the title, and a recorded picture
 *   as Markdown
 * @returns {string} begins with the notebook's own `# title`
 */
export function drawNotebook({ cells }, recording, { links, picture }) {
  const [first, ...others] = cells.map((cell) => drawCell(cell, recording, picture));
  const [, title, text] = /^(# .*)\n?([^]*)$/.exec(first) ?? ['', '', first];
  const page = [
    title,
    `<div class="facts">\n\n${links}\n\n${aboutRun(recording)}\n\n</div>`,
    text,
    ...others,
  ];
  return withoutSkips(page.join('\n\n'));
}

/** Raises a heading that skips a level, as an exercise before the first section does. */
function withoutSkips(text) {
  const lines = text.split('\n');
  const inCode = codeLines(lines);
  let level = 1;
  const raised = lines.map((line, i) => {
    const [, marks, words] = (!inCode[i] && /^(#{1,6})( .*)$/.exec(line)) || [];
    if (marks === undefined) return line;
    level = Math.min(marks.length, level + 1);
    return '#'.repeat(level) + words;
  });
  return raised.join('\n');
}

function machineOf({ date, machine: { cpu, cores, node } }) {
  return `${date}: ${escaped(cpu)}, ${cores} ${cores === 1 ? 'core' : 'cores'}, Node ${node}`;
}

function aboutRun(recording) {
  return recording
    ? `Below the cells you can open their outputs, recorded on ${machineOf(recording)}.`
    : 'No run of this notebook is recorded yet, so the cells below show no output until you run them.';
}

function drawCell(cell, recording, picture) {
  const { tags = [], lola = {} } = cell.metadata;
  const source = [].concat(cell.source).join('');
  if (cell.cell_type === 'markdown')
    return tags.includes('solution') ? source.replace('<details>', '<details class="box solution">') : source;
  const kind = ['exercise', 'set-up'].find((tag) => tags.includes(tag)) ?? 'code';
  const needs = lola.needs === 'node' ? ' data-needs="node"' : '';
  const reason = needs ? [`<p class="reason">${escaped(lola.why ?? NEEDS_NODE)}</p>`] : [];
  const recorded = recording?.cells[cell.id];
  const code = fenced('ts', source);
  const folded = `<details>\n<summary>👉 Click to show the set-up</summary>\n\n${code}\n\n</details>`;
  const parts = [
    kind === 'set-up' ? folded : code, // nobody needs to read it
    ...reason,
    ...(recorded ? drawOutput(recorded, recording, picture) : []),
  ];
  const expects = tags.includes('raises-exception') ? ' data-expects-error' : '';
  return `<div class="cell ${kind}" id="cell-${cell.id}" data-cell="${cell.id}"${needs}${expects}>\n\n${parts.join('\n\n')}\n\n</div>`;
}

function drawOutput({ text, svg = [], html = [], figures = {} }, recording, picture) {
  const printed = text.trim() === '' ? [] : [fenced('text', text)];
  const charts = svg.map((name) => drawChart(picture(name), figures[name]));
  const tables = html.map((each) =>
    svg.length ? `<details><summary>The same in numbers</summary>\n\n${each}\n\n</details>` : each,
  );
  const parts = [...printed, ...charts, ...tables];
  if (parts.length === 0) return [];
  const label = `<p class="label">Recorded ${machineOf(recording)}</p>`;
  // Folded, so that the answer does not stand beside its question.
  const open = '<div class="output recorded"><details><summary>👉 Click to show a recorded output</summary>';
  return [`${open}\n\n${[label, ...parts].join('\n\n')}\n\n</details></div>`];
}

/** A chart's picture, alive where scripts run. */
function drawChart(picture, figure) {
  if (figure === undefined) return picture;
  return `<div class="chart" data-figure="${escaped(JSON.stringify(figure))}">\n\n${picture}\n\n</div>`;
}

/** A block of code behind a fence that its text cannot close. */
export function fenced(language, text) {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.replace(/\n$/, '')}\n${fence}`;
}
