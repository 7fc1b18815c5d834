/** Counts. */
export const countInside = (samples: number): number => samples;
