// The entry of a prediction below its cell. The cell stays the one source: the entry writes its number into the call of
// `predict` and runs the cell, and it shows what the call has. Where that is not one plain number, there is no entry.
import { make } from './dom.js';

/** A call with one number: what is before the number, the name of the prediction, the number. */
export const CALL = /^([^]*?\bpredict\(\s*'((?:[^'\\\n]|\\.)+)',\s*)(NaN|-?[\d.]+(?:e[-+]?\d+)?)(?=\s*\))/;

export class Entry {
  readonly element = make('form', { className: 'entry' });
  private readonly name = make('span');
  private readonly field = make('input', { type: 'number', step: 'any', required: true });
  private text = '';

  /** @param onEntry takes the cell's text with the number */
  constructor(onEntry: (text: string) => void) {
    this.element.append(
      make('label', {}, 'Your prediction: ', this.name, this.field),
      make('button', {}, 'Predict'),
    );
    this.element.onsubmit = (event) => {
      event.preventDefault();
      onEntry(this.text.replace(CALL, (_, before: string) => before + String(this.field.valueAsNumber)));
    };
  }

  /** Shows what the cell has. What is being typed stays. */
  follow(text: string): void {
    const [, , name, number] = CALL.exec(text) ?? [];
    this.text = text;
    this.element.hidden = number === undefined;
    this.name.textContent = `${name} `;
    if (document.activeElement === this.field) return;
    this.field.value = Number.isFinite(Number(number)) ? number : '';
  }
}
