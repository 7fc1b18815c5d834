// The search of the top bar: sections of the lesson that have all words. The text is fetched at the first key.
import { make } from './dom.js';

interface Section {
  readonly link: string;
  readonly title: string;
  readonly heading: string;
  readonly text: string;
}

const MOST_FOUND = 12;
const AROUND = 60;

/** Shows the search, which is hidden where scripts are off. */
export function openSearch(root: string): void {
  const place = document.querySelector<HTMLElement>('header search');
  const input = place?.querySelector('input');
  const found = place?.querySelector<HTMLElement>('.found');
  if (!place || !input || !found) return;
  place.hidden = false;
  let sections: Promise<Section[]> | undefined;
  const show = async () => {
    sections ??= fetch(`${root}search.json`).then((response) => response.json() as Promise<Section[]>);
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const all = await sections.catch(() => (sections = undefined));
    found.hidden = words.length === 0;
    const results = all ? find(all, words) : [];
    found.replaceChildren(...results.map((section) => drawResult(section, words, root)));
    if (results.length === 0) found.textContent = all ? 'Nothing found.' : 'The search needs a network.';
  };
  input.addEventListener('input', () => void show());
  input.addEventListener('focus', () => void (input.value && show()));
  place.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') found.hidden = true;
  });
  place.addEventListener('focusout', ({ relatedTarget }) => {
    if (!place.contains(relatedTarget as Node | null)) found.hidden = true;
  });
}

/** Sections with all words, those with the words in their heading first. */
function find(sections: readonly Section[], words: readonly string[]): Section[] {
  const hasAll = (text: string) => words.every((word) => text.toLowerCase().includes(word));
  const hits = sections.filter(({ text }) => hasAll(text));
  const [first, others] = [true, false].map((wanted) =>
    hits.filter(({ heading }) => hasAll(heading) === wanted),
  );
  return [...first, ...others].slice(0, MOST_FOUND);
}

function drawResult(
  { link, title, heading, text }: Section,
  words: readonly string[],
  root: string,
): HTMLElement {
  const at = Math.max(0, text.toLowerCase().indexOf(words[0], heading.length));
  const start = Math.max(0, at - AROUND);
  const where = heading === title ? '' : `${title}: `;
  const shown = ` ${where}${start > 0 ? '…' : ''}${text.slice(start, at + 2 * AROUND)}…`;
  return make('a', { href: root + link }, make('strong', {}, heading), shown);
}
