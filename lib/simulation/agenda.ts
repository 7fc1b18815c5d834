// A virtual clock's list of what comes next: a simulation jumps from one entry to the next one.

/** What is to happen, the earliest first; of two at the same time, the one that was added first. A binary heap. */
export class Agenda {
  private readonly heap: Timed[] = [];
  private added = 0;

  add(time: number, action: () => void): void {
    const { heap } = this;
    const item = { time, order: this.added++, action };
    let at = heap.push(item) - 1;
    for (
      let parent = (at - 1) >> 1;
      at > 0 && before(item, heap[parent]);
      at = parent, parent = (at - 1) >> 1
    )
      heap[at] = heap[parent];
    heap[at] = item;
  }

  next(): Timed {
    const { heap } = this;
    const [top] = heap;
    const item = heap.pop()!;
    if (heap.length === 0) return top;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
      if (!before(heap[child], item)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = item;
    return top;
  }
}

function before(a: Timed, b: Timed): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}

interface Timed {
  readonly time: number;
  readonly order: number;
  readonly action: () => void;
}
