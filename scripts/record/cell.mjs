// What a cell showed in a run, in parts that a page can use: text, pictures, tables, and figures for a live chart.
import { stripVTControlCharacters } from 'node:util';

/**
 * @param {readonly import('../../test/support/kernel.js').Output[]} outputs of one cell, in their order
 * @returns text (standard output and plain results), pictures (SVG, with plotly's figure where there is one) and html
 *   (what is left of HTML once pictures, scripts and so the 1.2 MB of plotly are taken out)
 */
export function partsOf(outputs) {
  const last = withoutOverwritten(outputs);
  const text = last.map(({ name, text = '', data }) => (name === 'stdout' ? text : plain(data))).join('');
  const parts = last.flatMap(({ data }) => (data?.['text/html'] ? [partsOfHtml(data['text/html'])] : []));
  return {
    text: stripVTControlCharacters(text).replace(/\s+$/, ''),
    pictures: parts.flatMap(({ pictures }) => pictures),
    html: parts.map(({ html }) => html).filter((html) => html !== ''),
  };
}

/** A display that was updated shows its last state, in its first place. */
function withoutOverwritten(outputs) {
  const shown = [];
  for (const output of outputs) {
    const id = output.transient?.display_id;
    const place = shown.findIndex((one) => id !== undefined && one.transient?.display_id === id);
    if (place >= 0) shown[place] = output;
    else shown.push(output);
  }
  return shown;
}

function plain(data) {
  const text = data?.['text/html'] === undefined && data?.['text/plain'];
  return text ? `${text}\n` : '';
}

function partsOfHtml(html) {
  const scripts = [...html.matchAll(/<script>(.*?)<\/script>/gs)].map(([, script]) => script);
  const figures = scripts.flatMap((script) => {
    const found = /^ *const \{ data, layout \} = (.*);$/m.exec(script);
    return found ? [JSON.parse(found[1])] : [];
  });
  const images = /<img [^>]*src="data:image\/svg\+xml;base64,([^"]*)"[^>]*>|(<svg\b.*?<\/svg>)/gs;
  const still = html.replace(/<script>.*?<\/script>/gs, '');
  const pictures = [...still.matchAll(images)].map(([, data, svg], i) => ({
    svg: svg ?? Buffer.from(data, 'base64').toString(),
    figure: figures[i],
  }));
  const rest = still.replace(images, '').replace(/<div[^>]*>\s*<\/div>/g, '');
  return { pictures, html: rest.trim() };
}
