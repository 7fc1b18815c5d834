// From Markdown to HTML: headings that links can name, code in colours, tables that scroll by themselves.
import { typescriptLanguage } from '@codemirror/lang-javascript';
import { classHighlighter, highlightCode } from '@lezer/highlight';
import GithubSlugger from 'github-slugger';
import { Marked } from 'marked';
import { escaped } from './blocks.mjs';

const IN_COLOURS = ['ts', 'js', 'mjs', 'json'];

/**
 * @param {string} text Markdown
 * @returns {{ html: string, headings: { level: number, text: string, id: string }[] }} headings: as they follow one another
 */
export function renderMarkdown(text) {
  const slugger = new GithubSlugger();
  const headings = [];
  const renderer = {
    heading({ tokens, depth }) {
      const html = this.parser.parseInline(tokens);
      const words = this.parser.parseInline(tokens, this.parser.textRenderer);
      const id = slugger.slug(unescaped(words));
      headings.push({ level: depth, text: unescaped(words), id });
      return `<h${depth} id="${id}">${html}</h${depth}>\n`;
    },
    code({ text, lang = '' }) {
      const language = /^[\w-]*/.exec(lang)[0];
      const code = IN_COLOURS.includes(language) ? colourCode(text) : escaped(text);
      return `<pre tabindex="0"><code class="language-${language || 'text'}">${code}</code></pre>\n`;
    },
  };
  const html = new Marked({ gfm: true, renderer }).parse(text);
  return { html: readableTables(html), headings };
}

/** TypeScript in the colours of the editor that may take its place. */
export function colourCode(text) {
  let html = '';
  const add = (piece, classes) => {
    html += classes ? `<span class="${classes}">${escaped(piece)}</span>` : escaped(piece);
  };
  highlightCode(text, typescriptLanguage.parser.parse(text), classHighlighter, add, () => add('\n'));
  return html;
}

/** A table that is too wide scrolls, by the keyboard too; a corner that is empty is not read out as a heading. */
function readableTables(html) {
  return html
    .replace(/<th[^>]*><\/th>/g, '<td></td>')
    .replace(/<table>/g, '<div class="wide" tabindex="0" role="group" aria-label="Table"><table>')
    .replace(/<\/table>/g, '</table></div>');
}

function unescaped(text) {
  const signs = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  return text.replace(/<[^>]*>/g, '').replace(/&(amp|lt|gt|quot|#39);/g, (_, name) => signs[name]);
}
