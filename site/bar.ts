// The bar above a live notebook: it runs, stops and keeps the cells, and says what goes on, also to a screen reader.
import { button, group, make } from './dom.js';

export interface BarActions {
  readonly runAll: () => void;
  readonly interrupt: () => void;
  readonly restart: () => void;
  readonly download: () => void;
  readonly open: (file: File) => void;
  readonly reset: () => void;
}

export class Bar {
  readonly element = make('div', { className: 'notebook-bar' });
  private readonly status = make('span', { className: 'status' });
  private readonly live = make('p', { className: 'heard' });
  private readonly notices = make('div', { className: 'notices' });
  private readonly stop: HTMLButtonElement;

  constructor(actions: BarActions) {
    this.stop = button('Interrupt', 'Interrupt the cell that runs', actions.interrupt);
    const buttons = make(
      'div',
      { className: 'buttons' },
      button('Run all', 'Run all cells', actions.runAll),
      this.stop,
      button('Restart', 'Restart: forget all names', actions.restart),
      this.status,
      fileMenu(actions),
    );
    this.live.setAttribute('role', 'status');
    this.notices.setAttribute('role', 'status');
    this.element.append(group(buttons, 'Notebook'), this.notices, this.live);
    this.showBusy(false);
    this.say('Ready');
  }

  showBusy(busy: boolean): void {
    this.stop.disabled = !busy;
  }

  /** Shows in few words what the notebook does. */
  say(words: string, waiting = 0): void {
    this.status.textContent = waiting ? `${words}, ${waiting} wait` : words;
  }

  /** Says something to a screen reader alone: what is new is seen anyway. */
  announce(text: string): void {
    this.live.textContent = text;
  }

  /** Shows a message until the reader closes it or takes one of its actions. The same message is shown once. */
  notice(text: string, actions: Readonly<Record<string, () => void>> = {}): void {
    for (const old of [...this.notices.children]) if (old.firstChild?.textContent === text) old.remove();
    const box = make('div', { className: 'notice' });
    const close = () => box.remove();
    const buttons = Object.entries(actions).map(([words, act]) =>
      button(words, words, () => {
        close();
        act();
      }),
    );
    box.append(make('span', {}, text), ...buttons, button('Close', 'Close this message', close));
    this.notices.append(box);
  }
}

function fileMenu(actions: BarActions): HTMLElement {
  const menu = make('details', { className: 'file' });
  const entry = (words: string, more: string, act: () => void) =>
    button(words, words + more, () => {
      menu.open = false;
      act();
    });
  const input = make('input', { type: 'file', accept: '.ipynb', hidden: true });
  input.addEventListener('change', () => {
    if (input.files?.[0]) actions.open(input.files[0]);
    input.value = ''; // the same file can be chosen again
  });
  const list = make(
    'div',
    {},
    entry('Download as .ipynb', ', with your edits, for Jupyter', actions.download),
    entry('Open a download', ' of this notebook', () => input.click()),
    entry('Reset all cells', " to the lesson's text", actions.reset),
    input,
  );
  menu.append(make('summary', {}, 'File'), list);
  menu.addEventListener('focusout', ({ relatedTarget }) => {
    if (relatedTarget instanceof Node && !menu.contains(relatedTarget)) menu.open = false;
  });
  return menu;
}
