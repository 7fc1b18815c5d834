// Queue and rate over time, in a bounded number of samples: the longer the run, the further apart.
import type { Sample } from './picture.js';

const MOST_SAMPLES = 300;
const FIRST_STEP_MS = 200;

/** Takes a sample now and then. */
export class Samples {
  private all: Sample[] = [];
  private stepMs = FIRST_STEP_MS;
  private next = 0;

  /** What holds at a time; kept if it is time for a sample. */
  offer(sample: Sample): void {
    if (sample.time < this.next) return;
    const busy = ({ waiting, running }: Sample) => waiting + running > 0;
    const last = this.all[this.all.length - 1];
    if (!busy(sample) && (!last || !busy(last))) return; // of a silence only the beginning is kept
    this.all.push(sample);
    if (this.all.length > MOST_SAMPLES) {
      this.all = this.all.filter((_, i) => i % 2 === 0);
      this.stepMs *= 2;
    }
    this.next = sample.time + this.stepMs;
  }

  get list(): readonly Sample[] {
    return [...this.all];
  }
}
