// What a check of an exercise finds, and how a notebook shows it. Checks report and never throw: in Jupyter an error in
// one cell would end the run of all cells below it.

/** Whether the answer holds, and what to say to the learner. */
export interface Verdict {
  readonly passed: boolean;
  readonly text: string;
}

export function passed(text: string): Verdict {
  return { passed: true, text };
}

export function notYet(text: string): Verdict {
  return { passed: false, text };
}

/** Prints a verdict: 'passed: ...' or 'not yet: ...'. What a learner's function throws is one too. */
export function tell(judge: () => Verdict): void {
  let verdict: Verdict;
  try {
    verdict = judge();
  } catch (error) {
    verdict = notYet(`your code stopped with ${String(error)}`);
  }
  console.log(`${verdict.passed ? 'passed' : 'not yet'}: ${verdict.text}`);
}

/** A number for a message, with thin gaps: 1 000 000. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ' ');
}
