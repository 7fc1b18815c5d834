// The messages between scheduler, workers and clients: their fields, the bounds of each, and their bytes.
import * as v from 'valibot';
import { ProtocolError, plain, show } from '../errors.js';
import { pack, unpack } from '../task/pack.js';

/** The protocol's version. Both sides must have the same one. Raise it with every change of a message. */
export const PROTOCOL = 'lolas-pi.4';
/** The longest message (bytes). */
export const MOST_BYTES = 256 * 2 ** 20;
/** Unfinished tasks that a client may have with the scheduler, whatever its window is. */
export const MOST_SUBMITTED = 20_000;
/** Room in a message for everything except a task's input or value (bytes). */
export const ENVELOPE_BYTES = 2 ** 20;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
// Text that is only displayed is made plain here, so every display is safe.
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(200), v.transform(plain));
const text = v.pipe(v.string(), v.maxLength(100_000));
const reason = v.pipe(text, v.transform(plain));
const bytes = v.custom<Uint8Array>((given) => given instanceof Uint8Array, 'Expected bytes');
const threads = v.pipe(count, v.minValue(1), v.maxValue(1024));
const thread = v.pipe(count, v.maxValue(1023));
// How long ago something was when the message was sent (ms). Ages, not times: two clocks need not agree.
const isAge = (given: unknown) => typeof given === 'number' && given >= 0 && given < 1e12;
const age = v.custom<number>(isAge, 'Expected an age');
const ages = v.custom<Float64Array>(
  (given) => given instanceof Float64Array && given.every(isAge),
  'Expected ages',
);
const error = v.object({ name: text, message: text, stack: v.optional(text), code: v.optional(text) });
// A task's input and value stay packed until they are with a thread or a client: the scheduler never looks into them.
const key = v.pipe(v.string(), v.minLength(1), v.maxLength(1000));
const task = { key, payload: bytes };
const workerStatus = v.object({
  name,
  threads,
  running: count,
  finished: count,
  leaving: v.boolean(),
  memoryBytes: v.optional(count),
});

const TO_SCHEDULER = {
  /** The first message of each connection. `instance` marks a worker's process: it may join again under its name. */
  hello: v.object({
    op: v.literal('hello'),
    role: v.picklist(['worker', 'client', 'status']),
    name,
    threads,
    instance: name,
    memoryBytes: v.optional(count),
  }),
  // ---- from a client. Ids are the client's own, each used once. A kind is an operation: its tasks take about equally long.
  submit: v.object({
    op: v.literal('submit'),
    kind: name,
    tasks: v.array(v.object({ id: count, ...task })),
  }),
  cancel: v.object({ op: v.literal('cancel'), ids: v.array(count) }),
  // ---- from a worker. A batch is the scheduler's number for tasks that were assigned together.
  started: v.object({ op: v.literal('started'), batch: count, thread, age }),
  /** The first `count` tasks gave the packed `values`; the others go back, except for one with an error or lost. */
  done: v.object({
    op: v.literal('done'),
    batch: count,
    thread,
    count,
    /** Of each task that gave a value, one after the other: start, end. */
    ages,
    values: bytes,
    /** What the task after these threw. */
    error: v.optional(error),
    /** The thread ended while it ran task number `at` of the batch. */
    lost: v.optional(v.object({ at: count, ended: reason })),
    memoryBytes: v.optional(count),
  }),
  /** The worker takes no more tasks, and closes the connection after its last `done`. */
  leave: v.object({ op: v.literal('leave') }),
};

const FROM_SCHEDULER = {
  welcome: v.object({
    op: v.literal('welcome'),
    heartbeatMs: count,
    /** What a client or `lola status` wants to know; a worker gets an empty list. */
    workers: v.array(workerStatus),
    clients: count,
    waiting: count,
  }),
  /** The last message of a connection that the scheduler closes on purpose. */
  bye: v.object({ op: v.literal('bye'), reason }),
  // ---- to a worker
  assign: v.object({ op: v.literal('assign'), batch: count, tasks: v.array(v.object(task)) }),
  stop: v.object({ op: v.literal('stop'), batch: count }),
  // ---- to a client
  started: v.object({ op: v.literal('started'), id: count, worker: name, thread, age }),
  finished: v.object({
    op: v.literal('finished'),
    ids: v.array(count),
    worker: name,
    thread,
    ages,
    values: bytes,
  }),
  failed: v.object({
    op: v.literal('failed'),
    id: count,
    worker: name,
    thread,
    retried: v.boolean(),
    /** What the task threw; or, if it was lost with its worker, how each try ended. */
    error: v.optional(error),
    ended: v.optional(v.array(reason)),
  }),
  workers: v.object({
    op: v.literal('workers'),
    joined: v.array(v.object({ name, threads })),
    left: v.array(v.object({ name, reason })),
  }),
};

type Schemas = Readonly<Record<string, v.GenericSchema>>;
type MessageOf<T extends Schemas, Op extends keyof T> = { [op in Op]: v.InferOutput<T[op]> }[Op];
type To = typeof TO_SCHEDULER;
type From = typeof FROM_SCHEDULER;
/** A message to the scheduler, from a worker or a client; of one `op`, if that is named. */
export type ToScheduler<Op extends keyof To = keyof To> = MessageOf<To, Op>;
/** A message from the scheduler; likewise. */
export type FromScheduler<Op extends keyof From = keyof From> = MessageOf<From, Op>;
/** What a scheduler says of itself. */
export type ClusterStatus = Omit<FromScheduler<'welcome'>, 'op' | 'heartbeatMs'>;

/** An input or value larger than this follows the head of its message, uncopied; the head has its length (bytes). */
const PART_BYTES = 16 * 2 ** 10;
/** The longest head that a scheduler reads (bytes). */
const MOST_HEAD = 8 * 2 ** 20;

/**
 * A message as bytes: in a buffer that the next call may reuse.
 * @param parts gets the large inputs and values, which follow the head; without it, they stay in the head
 */
export function encode(message: ToScheduler | FromScheduler, parts?: Uint8Array[]): Uint8Array {
  if (!parts) return pack(message);
  const isLarge = ({ length }: Uint8Array) => length > PART_BYTES;
  const outside = (bytes: Uint8Array) => (isLarge(bytes) ? (parts.push(bytes), bytes.length) : bytes);
  if ('values' in message) return pack({ ...message, values: outside(message.values) });
  if (!('tasks' in message) || !message.tasks.some(({ payload }) => isLarge(payload))) return pack(message);
  const tasks = message.tasks.map((task) => ({ ...task, payload: outside(task.payload) }));
  return pack({ ...message, tasks });
}

/** @throws ProtocolError for bytes that are no message to the scheduler, or one out of bounds */
export function decodeToScheduler(head: Uint8Array, rest?: Uint8Array): ToScheduler {
  if (head.length > MOST_HEAD) throw new ProtocolError(`a message with a head of ${head.length} bytes.`);
  return decode(TO_SCHEDULER, head, rest) as ToScheduler;
}

/** @throws ProtocolError for bytes that are no message of the scheduler, or one out of bounds */
export function decodeFromScheduler(head: Uint8Array, rest?: Uint8Array): FromScheduler {
  return decode(FROM_SCHEDULER, head, rest) as FromScheduler;
}

type Unchecked = Partial<Record<'op' | 'tasks' | 'values', unknown>> | null;

function decode(schemas: Schemas, head: Uint8Array, rest?: Uint8Array): unknown {
  const message = unpack(head) as Unchecked;
  if (rest) putBack(message, rest);
  const { op } = message ?? {};
  // The op picks the schema: trying one after the other would cost more than all the rest of a message.
  const schema = typeof op === 'string' && Object.hasOwn(schemas, op) ? schemas[op] : v.never();
  const { success, output, issues } = v.safeParse(schema, message, { abortEarly: true });
  if (success) return output;
  const [{ message: problem, path }] = issues;
  const where = path?.map(({ key: step }) => String(step)).join('.') ?? 'op';
  throw new ProtocolError(
    `message ${show(op)} is malformed or unknown (${where}: ${problem}). Use the same version on both sides.`,
  );
}

/** Puts the bytes behind the head where their lengths are. Whatever does not fit is left to the schema. */
function putBack(message: Unchecked, rest: Uint8Array): void {
  const tasks = (Array.isArray(message?.tasks) ? message.tasks : []) as ({ payload?: unknown } | null)[];
  let at = 0;
  const take = (length: number) => rest.subarray(at, (at += length));
  if (typeof message?.values === 'number') message.values = take(message.values);
  for (const task of tasks) if (typeof task?.payload === 'number') task.payload = take(task.payload);
}
