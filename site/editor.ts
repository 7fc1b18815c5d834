// The editor of a cell: CodeMirror with no more than a cell needs. It is loaded after the page.
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { typescriptLanguage } from '@codemirror/lang-javascript';
import { bracketMatching, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { EditorState, Prec } from '@codemirror/state';
import { EditorView, keymap } from '@codemirror/view';
import { classHighlighter } from '@lezer/highlight';

export interface Editor {
  focus(): void;
  /** Replaces the whole text, as one step that can be undone. */
  write(text: string): void;
}

export interface EditorOptions {
  readonly text: string;
  /** What a screen reader calls it. */
  readonly label: string;
  readonly onChange: (text: string) => void;
  /** Shift-Enter: run, and go on to the next cell. Ctrl-Enter or Cmd-Enter: run, and stay. */
  readonly onRun: (goOn: boolean) => void;
}

/** Puts an editor in place of an element's content. Tab leaves it, so the keyboard is never caught. */
export function openEditor(place: HTMLElement, { text, label, onChange, onRun }: EditorOptions): Editor {
  const run = (goOn: boolean) => () => {
    onRun(goOn);
    return true;
  };
  const keys = [
    { key: 'Shift-Enter', run: run(true) },
    { key: 'Mod-Enter', run: run(false) },
  ];
  place.replaceChildren();
  const view = new EditorView({
    parent: place,
    doc: text,
    extensions: [
      Prec.highest(keymap.of(keys)),
      history(),
      indentOnInput(),
      bracketMatching(),
      EditorState.tabSize.of(2),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }),
      typescriptLanguage,
      syntaxHighlighting(classHighlighter),
      keymap.of([...defaultKeymap, ...historyKeymap]),
      EditorView.updateListener.of(({ docChanged, state }) => {
        if (docChanged) onChange(state.doc.toString());
      }),
    ],
  });
  return {
    focus: () => view.focus(),
    write: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
  };
}
