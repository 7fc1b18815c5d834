// Queue and rate over time in a bounded number of samples: the longer the run, the further apart.
import type { Sample } from './picture.js';

const MOST_SAMPLES = 300;
const FIRST_STEP_MS = 200;

/** Keeps a sample now and then. */
export class Samples {
  private all: Sample[] = [];
  private stepMs = FIRST_STEP_MS;
  private next = 0;

  /** Whether it is time for another sample. */
  isDue(time: number): boolean {
    return time >= this.next;
  }

  /** Takes a sample that is due. Of a silence only the beginning is kept. */
  add(sample: Sample): void {
    const isBusy = ({ waiting, running }: Sample) => waiting + running > 0;
    const last = this.all[this.all.length - 1];
    if (!isBusy(sample) && !(last && isBusy(last))) return;
    this.all.push(sample);
    this.next = sample.time + this.stepMs;
    if (this.all.length <= MOST_SAMPLES) return;
    this.all = this.all.filter((_, i) => i % 2 === 0);
    this.stepMs *= 2;
  }

  get list(): readonly Sample[] {
    return [...this.all];
  }
}
