/* global document, window */
// What a page has that it should not: faults that axe-core finds, and whatever sticks out.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Faults of the page as it is now, and how many pixels it is too wide; none: an empty list. */
export async function findings(page) {
  await page.evaluate(AXE); // the debugger may run it where the page's policy keeps other scripts out
  const { violations, beyond } = await page.evaluate(async () => {
    // What passes is not described one by one: that would take most of the time.
    const { violations } = await window.axe.run({ resultTypes: ['violations'] });
    return { violations, beyond: document.documentElement.scrollWidth - window.innerWidth };
  });
  const faults = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  return beyond > 0 ? [...faults, `${beyond} pixels stick out`] : faults;
}
