// What the site's menus list: the lesson in its order, then what a learner looks up; pages for instructors apart.

/** Pages of episodes/ that a learner needs too; all others that carry no number are for instructors. */
const FOR_LEARNERS = /^(environment|episodes\/(glossary|cheat-?sheet|reference|learners\/.*))\.md$/;

/**
 * @typedef {{ text: string, file: string }} Item a file of the repository, and the words that lead to its page
 * @typedef {{ text: string, items: Item[] }[]} Menu
 * @param {{ stem: string, episodes?: { title: string, file: string }, notebooks?: { title: string, file: string } }[]} lesson
 * @param {[string, { title: string }][]} pages files of the repository and their pages
 * @returns {{ top: Item[], learners: Menu, instructors: Menu, forInstructors: string[] }} `forInstructors`: the files whose
 *   pages have the menu for instructors
 */
export function menusOf(lesson, pages) {
  const numbered = (kind) =>
    lesson
      .filter((step) => step[kind])
      .map(({ stem, [kind]: page }) => ({
        text: `${Number(stem.slice(0, 2))} ${page.title}`,
        file: page.file,
      }));
  const others = pages.filter(([file]) => isOther(file));
  const listed = (wanted) =>
    others
      .filter(([file]) => wanted(file))
      .map(([file, { title }]) => ({
        text: file === 'environment.md' ? 'Set up, and fix what fails' : title,
        file,
      }));
  const forLearners = listed((file) => FOR_LEARNERS.test(file));
  const forInstructors = listed((file) => !FOR_LEARNERS.test(file));
  const groups = (parts) => parts.filter(({ items }) => items.length > 0);
  return {
    top: [
      ...forLearners
        .filter(({ file }) => file === 'environment.md')
        .map((item) => ({ ...item, text: 'Set up' })),
      ...forInstructors.slice(0, 1).map(({ file }) => ({ text: 'For instructors', file })),
    ],
    learners: groups([
      { text: 'Notebooks', items: numbered('notebooks') },
      { text: 'Episodes', items: numbered('episodes') },
      { text: 'To look up', items: forLearners },
    ]),
    instructors: groups([
      { text: 'For instructors', items: forInstructors },
      { text: 'The lesson', items: [{ text: 'Episodes and notebooks', file: 'index.md' }] },
    ]),
    forInstructors: forInstructors.map(({ file }) => file),
  };
}

function isOther(file) {
  return (
    /^(environment\.md|episodes\/.*\.md)$/.test(file) && !/^episodes\/(\d\d-[^/]*|README)\.md$/.test(file)
  );
}
