// What the slow-link runs compute: values and inputs of any size.

/** A value of so many bytes. */
export function make(bytes) {
  return new Uint8Array(bytes).fill(7);
}

/** How many bytes came. */
export function weigh(bytes) {
  return bytes.every((byte) => byte === 7) ? bytes.length : -1;
}
