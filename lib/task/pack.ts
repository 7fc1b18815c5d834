// Values and tasks as bytes (msgpack), as they travel over sockets and lie in files.
import { Packr, addExtension } from 'msgpackr';
import { ProtocolError, show } from '../errors.js';
import { isValue } from './run-task.js';
import type { Task, Value } from './task.js';

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

/** @throws ProtocolError where the bytes are not packed data */
export function unpack(data: Uint8Array): unknown {
  try {
    return packr.unpack(data);
  } catch (cause) {
    throw new ProtocolError(`${data.length} bytes cannot be read. Use the same version on both sides.`, {
      cause,
    });
  }
}

/** Packs a value, or several, into bytes of its own. */
export function packValue(value: Value): Uint8Array {
  // A copy: packr reuses its buffer, and a queued task must not keep the whole of it alive.
  return new Uint8Array(packr.pack(holdsNegativeZero(value) ? markNegativeZeros(value) : value));
}

/** @throws ProtocolError where the bytes are not a value */
export function unpackValue(packed: Uint8Array): Value {
  const value = unpack(packed);
  if (isValue(value)) return value;
  throw new ProtocolError(
    `a packed value holds ${show(value)}, which is not plain data. Use the same version on both sides.`,
  );
}

/** Packs a task's operation and input. */
export function packTask({ key, operation, input }: Task): PackedTask {
  return { key, payload: packValue({ operation, input }) };
}

/** @throws ProtocolError where the payload is not a task's */
export function unpackTask({ key, payload }: PackedTask): Task {
  const { operation, input } = unpackValue(payload) as { operation: string; input: Value };
  return { key, operation, input };
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
