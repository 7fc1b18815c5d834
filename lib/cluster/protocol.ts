// All that travels between scheduler, workers and clients: the messages, their check, and their bytes.
import { Packr, addExtension } from 'msgpackr';
import * as v from 'valibot';
import { ProtocolError, show } from '../errors.js';
import { isValue } from '../task/run-task.js';
import type { Task, Value } from '../task/task.js';

/** Both sides must have the same; raised with every change of a message. */
export const PROTOCOL = 'lolas-pi.1';
/** No message is longer (bytes). */
export const MOST_BYTES = 256 * 2 ** 20;
/** So many bytes of a message are left for all that is not a task's own input or value. */
export const ENVELOPE_BYTES = 2 ** 20;

const number = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const text = v.pipe(v.string(), v.maxLength(100_000));
const bytes = v.custom<Uint8Array>((given) => given instanceof Uint8Array, 'Expected bytes');
const numbers = v.custom<Float64Array>((given) => given instanceof Float64Array, 'Expected a Float64Array');
const time = v.number();
const threads = v.pipe(number, v.minValue(1), v.maxValue(1024));
const error = v.object({ name: text, message: text, stack: v.optional(text), code: v.optional(text) });
// A task's input stays packed until it is with the thread's process: the scheduler never looks into it.
const packedTask = v.object({ key: v.pipe(v.string(), v.minLength(1), v.maxLength(1000)), payload: bytes });
const packedTasks = v.array(v.object({ ...packedTask.entries, index: number }));

/** What a worker says. A batch is the scheduler's number for one assignment of some tasks to one worker. */
const FROM_WORKER = [
  v.object({ op: v.literal('join'), name, threads, instance: name }),
  v.object({ op: v.literal('started'), batch: number, thread: number, time }),
  v.object({
    op: v.literal('done'),
    batch: number,
    thread: number,
    /** The first `count` tasks gave the packed `values`; the rest was not run, or see below. */
    count: number,
    /** Start and end of each of these, on the thread's clock. */
    times: numbers,
    values: bytes,
    /** What the task after them threw. */
    error: v.optional(error),
    /** The thread ended while it ran task number `at`; the count is 0 then. */
    lost: v.optional(v.object({ at: number, ended: text })),
  }),
  v.object({ op: v.literal('returned'), batch: number }),
  v.object({ op: v.literal('drain') }),
] as const;

/** What a client says. A run is the client's number for one call of run, an index a task's place in it. */
const FROM_CLIENT = [
  v.object({ op: v.literal('connect'), name }),
  /** Tasks of one `kind` are taken to be alike in how long they take. */
  v.object({
    op: v.literal('submit'),
    run: number,
    kind: text,
    retries: number,
    /** Somebody wants to hear when its tasks start. */
    watched: v.boolean(),
    tasks: packedTasks,
  }),
  v.object({ op: v.literal('cancelRun'), run: number }),
] as const;

const FROM_BOTH = [
  v.object({ op: v.literal('ping'), sent: time, rttMs: time, memoryBytes: v.optional(number) }),
  v.object({ op: v.literal('status') }),
] as const;

const workerStatus = v.object({
  name,
  threads,
  running: number,
  ahead: number,
  finished: number,
  draining: v.boolean(),
  memoryBytes: v.optional(number),
});

/** What the scheduler says. */
const FROM_SCHEDULER = [
  v.object({ op: v.literal('welcome'), heartbeatMs: number, workers: v.array(v.object({ name, threads })) }),
  v.object({ op: v.literal('bye'), reason: text }),
  v.object({ op: v.literal('pong'), sent: time }),
  v.object({ op: v.literal('status'), workers: v.array(workerStatus), clients: number, waiting: number }),
  // to a worker
  v.object({ op: v.literal('assign'), batch: number, watched: v.boolean(), tasks: v.array(packedTask) }),
  v.object({ op: v.literal('takeBack'), batch: number }),
  v.object({ op: v.literal('cancel'), batch: number }),
  // to a client
  v.object({ op: v.literal('started'), run: number, index: number, worker: name, thread: number, time }),
  v.object({
    op: v.literal('finished'),
    runs: v.array(number),
    indices: v.array(number),
    worker: name,
    thread: number,
    times: numbers,
    values: bytes,
  }),
  v.object({
    op: v.literal('failed'),
    run: number,
    index: number,
    worker: name,
    thread: number,
    retried: v.boolean(),
    /** What the task threw; or, where it took its worker with it, how each try ended. */
    error: v.optional(error),
    ended: v.optional(v.array(text)),
  }),
  v.object({ op: v.literal('joined'), worker: name, threads }),
  v.object({ op: v.literal('left'), worker: name, reason: text }),
] as const;

/** A message to the scheduler, from a worker or a client. */
export type ToScheduler = v.InferOutput<(typeof FROM_WORKER | typeof FROM_CLIENT | typeof FROM_BOTH)[number]>;
/** A message from the scheduler. */
export type FromScheduler = v.InferOutput<(typeof FROM_SCHEDULER)[number]>;
/** A task as it travels: its key in the clear, operation and input packed. */
export type PackedTask = v.InferOutput<typeof packedTask>;

/** msgpack has no -0; an estimate's sign must survive the trip all the same. */
class NegativeZero {}
addExtension({ Class: NegativeZero, type: 1, pack: () => Buffer.alloc(0), unpack: () => -0 });

const packr = new Packr({ useRecords: false, mapsAsObjects: true, moreTypes: true });

/** A message as bytes. */
export function encode(message: ToScheduler | FromScheduler): Uint8Array {
  return packr.pack(message);
}

/**
 * Reads a message to the scheduler.
 * @throws ProtocolError for what is no message, or is malformed
 */
export function decodeToScheduler(data: Uint8Array): ToScheduler {
  return decode(TO_SCHEDULER, data) as ToScheduler;
}

/**
 * Reads a message from the scheduler.
 * @throws ProtocolError for what is no message, or is malformed
 */
export function decodeFromScheduler(data: Uint8Array): FromScheduler {
  return decode(TO_PEER, data) as FromScheduler;
}

type MessageSchema = (
  typeof FROM_WORKER | typeof FROM_CLIENT | typeof FROM_BOTH | typeof FROM_SCHEDULER
)[number];

// By the op at once: trying one schema after the other costs more than all the rest of a message.
const byOp = (schemas: readonly MessageSchema[]) =>
  new Map<unknown, MessageSchema>(schemas.map((schema) => [schema.entries.op.literal, schema]));
const TO_SCHEDULER = byOp([...FROM_WORKER, ...FROM_CLIENT, ...FROM_BOTH]);
const TO_PEER = byOp(FROM_SCHEDULER);

function decode(schemas: ReadonlyMap<unknown, MessageSchema>, data: Uint8Array): unknown {
  const message = unpack(data);
  const { op } = (message ?? {}) as { op?: unknown };
  const schema = schemas.get(op);
  const { success, output, issues } = v.safeParse(schema ?? v.never(), message, { abortEarly: true });
  if (success) return output;
  const [{ message: problem, path }] = issues;
  const where =
    schema === undefined ? 'no such op' : `${path?.map(({ key }) => String(key)).join('.')}: ${problem}`;
  throw new ProtocolError(
    `message ${show(op)} is malformed or unknown (${where}). Use the same version on both sides.`,
  );
}

function unpack(data: Uint8Array): unknown {
  try {
    return packr.unpack(data);
  } catch (cause) {
    throw new ProtocolError(`${data.length} bytes are no message. Use the same version on both sides.`, {
      cause,
    });
  }
}

/** Packs a value, or several, so that it travels unread. */
export function packValue(value: Value): Uint8Array {
  // A copy: packr reuses its buffer, and a queued task must not keep the whole of it alive.
  return Uint8Array.from(packr.pack(holdsNegativeZero(value) ? markNegativeZeros(value) : value));
}

/** @throws ProtocolError where the bytes are no value */
export function unpackValue(packed: Uint8Array): Value {
  const value = unpack(packed);
  if (!isValue(value))
    throw new ProtocolError(
      `a packed value holds ${show(value)}, which is no plain data. Use the same version on both sides.`,
    );
  return value;
}

/** A task as it travels. */
export function packTask({ key, operation, input }: Task): PackedTask {
  return { key, payload: packValue({ operation, input }) };
}

/** @throws ProtocolError where the payload is no task's */
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
