// What the site's menus list: the lesson in its order, then what a learner looks up; pages for instructors apart.
import { pageOf } from './links.mjs';

/** Pages of episodes/ that a learner needs too; all others that carry no number are for instructors. */
const FOR_LEARNERS = /^(environment|episodes\/(glossary|cheat-?sheet|reference|learners\/.*))\.md$/;

/**
 * @param {{ stem: string, episodes?: { title: string, file: string }, notebooks?: { title: string, file: string } }[]} lesson
 * @param {[string, { title: string }][]} pages files of the repository and their pages
 * @returns {{ nav: object[], sidebar: Record<string, object[]> }} in VitePress's own terms
 */
export function menuOf(lesson, pages) {
  const item = (file, text) => ({ text, link: `/${pageOf(file)}` });
  const numbered = (kind) =>
    lesson
      .filter((step) => step[kind])
      .map((step) => item(step[kind].file, `${Number(step.stem.slice(0, 2))} ${step[kind].title}`));
  const others = pages.filter(([file]) => isOther(file));
  const listed = (wanted) =>
    others
      .filter(wanted)
      .map(([file, { title }]) =>
        item(file, file === 'environment.md' ? 'Set up, and mend what fails' : title),
      );
  const learners = listed(([file]) => FOR_LEARNERS.test(file));
  const instructors = listed(([file]) => !FOR_LEARNERS.test(file));
  const groups = (parts) => parts.filter(({ items }) => items.length > 0);
  const forAll = groups([
    { text: 'Episodes', items: numbered('episodes') },
    { text: 'Notebooks', items: numbered('notebooks') },
    { text: 'To look up', items: learners },
  ]);
  const forInstructors = groups([
    { text: 'For instructors', items: instructors },
    { text: 'The lesson', items: [{ text: 'Episodes and notebooks', link: '/' }] },
  ]);
  return {
    nav: [
      { text: 'The lesson', link: '/' },
      ...learners
        .filter(({ link }) => link === '/environment.md')
        .map((found) => ({ ...found, text: 'Set up' })),
      ...instructors.slice(0, 1).map(({ link }) => ({ text: 'For instructors', link })),
    ],
    sidebar: { ...Object.fromEntries(instructors.map(({ link }) => [link, forInstructors])), '/': forAll },
  };
}

function isOther(file) {
  return (
    /^(environment\.md|episodes\/.*\.md)$/.test(file) && !/^episodes\/(\d\d-[^/]*|README)\.md$/.test(file)
  );
}
