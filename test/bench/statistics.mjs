// Rounds, medians, ranges and ratios: what the bench does with numbers.

/** Round by round, in the order given: A B C A B C. A machine that slows down then slows all of them. */
export function* interleave(items, rounds) {
  for (let round = 1; round <= rounds; round++) for (const item of items) yield { round, item };
}

/** The middle value, or the mean of the middle two. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** [least, largest] */
export function range(values) {
  return [Math.min(...values), Math.max(...values)];
}

/**
 * Compares two lists that have a value for each round.
 * @param how what is said of two values, as their ratio
 * @param of what stands for a list, as its median
 * @returns the value, and its range round by round
 */
export function compare(how, of, a, b) {
  const rounds = a.slice(0, b.length).map((value, round) => how(value, b[round]));
  return { value: how(of(a), of(b)), range: range(rounds) };
}

/** Three digits. */
export function digits(value) {
  return String(Number(value.toPrecision(3)));
}

/** 1e8 for 100 000 000; other numbers as they are. */
export function short(samples) {
  const power = Math.round(Math.log10(samples));
  return power >= 4 && 10 ** power === samples ? `1e${power}` : String(samples);
}
