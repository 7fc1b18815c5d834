// A notebook as a page: its cells, and between them what they printed and drew in the recorded run, if there is one.
import { codeLines, escaped } from './blocks.mjs';

/**
 * @typedef {{ text: string, svg?: string[], html?: string[], figures?: Record<string, object> }} Recorded
 *   what one cell printed; the names of its pictures; its tables; and plotly's figures by their picture's name
 * @typedef {{ date: string, machine: { cpu: string, cores: number, node: string }, cells: Record<string, Recorded> }} Recording
 */

/**
 * Writes a notebook as Markdown.
 * @param {{ cells: { id: string, cell_type: string, source: string | string[], metadata: { tags?: string[] } }[] }} notebook
 * @param {Recording | undefined} recording
 * @param {{ links: string, picture: (name: string) => string }} page what stands under the title, and a recorded picture
 *   as Markdown
 * @returns {string} begins with the notebook's own `# title`
 */
export function drawNotebook({ cells }, recording, { links, picture }) {
  const [first, ...others] = cells.map((cell) => drawCell(cell, recording?.cells[cell.id], picture));
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

function aboutRun(recording) {
  if (!recording)
    return 'No run of this notebook is recorded yet, so the cells stand here without what they print. To see it, run them: `npm run notebooks`.';
  const { cpu, cores, node } = recording.machine;
  return `What stands under the cells was recorded on ${recording.date}: ${escaped(cpu)}, ${cores} ${cores === 1 ? 'core' : 'cores'}, Node ${node}.`;
}

function drawCell(cell, recorded, picture) {
  const { tags = [] } = cell.metadata;
  const source = [].concat(cell.source).join('');
  if (cell.cell_type === 'markdown')
    return tags.includes('solution') ? source.replace('<details>', '<details class="box solution">') : source;
  const kind = ['exercise', 'check', 'set-up'].find((tag) => tags.includes(tag)) ?? 'code';
  const parts = [fenced('ts', source), ...(recorded ? drawOutput(recorded, picture) : [])];
  return `<div class="cell ${kind}">\n\n${parts.join('\n\n')}\n\n</div>`;
}

function drawOutput({ text, svg = [], html = [], figures = {} }, picture) {
  const printed = text.trim() === '' ? [] : [fenced('text', text)];
  const charts = svg.map((name) => drawChart(picture(name), figures[name]));
  const tables = html.map((each) =>
    svg.length ? `<details><summary>The same in numbers</summary>\n\n${each}\n\n</details>` : each,
  );
  return [...printed, ...charts, ...tables].map((part) => `<div class="output">\n\n${part}\n\n</div>`);
}

/** A chart's picture, alive where scripts run. */
function drawChart(picture, figure) {
  if (figure === undefined) return picture;
  return `<LiveChart figure="${escaped(JSON.stringify(figure))}">\n\n${picture}\n\n</LiveChart>`;
}

/** A block of code behind a fence that its text cannot close. */
export function fenced(language, text) {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.replace(/\n$/, '')}\n${fence}`;
}
