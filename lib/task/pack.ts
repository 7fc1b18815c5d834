// Values and tasks as bytes (msgpack), as they travel over sockets and lie in files.
import type * as msgpackr from 'msgpackr';
// Without the native reader of text that 'msgpackr' itself brings: it never ends on some bytes.
import * as javascript from 'msgpackr/pack';
import { ProtocolError } from '../errors.js';
import { LIST_PARTS, MOST_PARTS, copyValue, type Task, type Value } from './task.js';

const { Packr, addExtension } = javascript as typeof msgpackr;

/** A task as it travels: its key in the clear, operation and input packed. */
export interface PackedTask {
  readonly key: string;
  readonly payload: Uint8Array;
}

/** msgpack has no -0; an estimate's sign must survive the trip all the same. */
class NegativeZero {}
addExtension({ Class: NegativeZero, type: 1, pack: () => new Uint8Array(0), unpack: () => -0 });

const packr = new Packr({ useRecords: false, mapsAsObjects: true, moreTypes: true });

/** Packs plain data into a buffer that the next call reuses: copy it, or send it at once. */
export function pack(data: unknown): Uint8Array {
  return packr.pack(data);
}

/** @throws ProtocolError where the bytes are not packed data, or would take much more memory than they are */
export function unpack(data: Uint8Array): unknown {
  try {
    if (data.length > MOST_PARTS / LIST_PARTS) checkParts(data);
    return packr.unpack(data);
  } catch (cause) {
    throw new ProtocolError(`${data.length} bytes cannot be read. Use the same version on both sides.`, {
      cause,
    });
  }
}

/** Bytes after heads 0xc0 to 0xdf of msgpack; where they are a number below 0, so many bytes say how many. */
const AFTER = [
  0, 0, 0, 0, -1, -2, -4, -1, -2, -4, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, -1, -2, -4, 2, 4, 2, 4,
];

/** An empty record of one byte takes 56 bytes of memory: parts are counted before any is made, by their heads alone. */
function checkParts(data: Uint8Array): void {
  const sizeAt = (at: number, bytes: number) =>
    data.subarray(at, at + bytes).reduce((size, byte) => 256 * size + byte, 0);
  let parts = 0;
  for (let at = 0; at < data.length;) {
    const head = data[at++];
    const isList = (head >= 0x80 && head < 0xa0) || (head >= 0xdc && head < 0xe0);
    parts += isList ? LIST_PARTS : 1;
    if (parts > MOST_PARTS) throw new RangeError(`more than ${MOST_PARTS} parts`);
    if (head >= 0xa0 && head < 0xc0) at += head & 31; // a short text
    const after = head >= 0xc0 && head < 0xe0 ? AFTER[head & 31] : 0;
    const type = head >= 0xc7 && head < 0xca ? 1 : 0; // of an extension, besides its size
    at += after >= 0 ? after : sizeAt(at, -after) - after + type;
  }
}

/** Packs a value, or several, into bytes of its own. */
export function packValue(value: Value): Uint8Array {
  // A copy: packr reuses its buffer, and a queued task must not keep the whole of it alive.
  return new Uint8Array(packr.pack(holdsNegativeZero(value) ? markNegativeZeros(value) : value));
}

/** @throws ProtocolError where the bytes are not a value */
export function unpackValue(packed: Uint8Array): Value {
  return copyValue(unpack(packed), 'a packed value', ProtocolError);
}

/** Packs a task's operation and input. */
export function packTask({ key, operation, input }: Task): PackedTask {
  return { key, payload: packValue({ operation, input }) };
}

/** @throws ProtocolError where the payload is not a task's */
export function unpackTask({ key, payload }: PackedTask): Task {
  const { operation, input } = (unpackValue(payload) ?? {}) as Partial<Task>;
  if (typeof operation === 'string' && input !== undefined) return { key, operation, input };
  throw new ProtocolError(`task ${key}: its payload is not a task. Use the same version on both sides.`);
}

function holdsNegativeZero(value: unknown): boolean {
  if (typeof value === 'number') return Object.is(value, -0);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  return (Array.isArray(value) ? value : Object.values(value)).some(holdsNegativeZero);
}

function markNegativeZeros(value: Value): unknown {
  if (typeof value === 'number') return Object.is(value, -0) ? new NegativeZero() : value;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(markNegativeZeros);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, markNegativeZeros(inner)]));
}
