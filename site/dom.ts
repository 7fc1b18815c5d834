// Elements of a page, each made in one call.

/** An element with these properties and children. */
export function make<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  properties: Partial<HTMLElementTagNameMap[T]> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[T] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Makes an element a group that a screen reader calls by this name. */
export function group<E extends HTMLElement>(element: E, name: string): E {
  element.setAttribute('role', 'group');
  element.setAttribute('aria-label', name);
  return element;
}

/** A button with an accessible name that may be longer than its label. */
export function button(words: string, name: string, onClick: () => void): HTMLButtonElement {
  const made = make('button', { type: 'button', textContent: words });
  made.setAttribute('aria-label', name);
  made.addEventListener('click', onClick);
  return made;
}
