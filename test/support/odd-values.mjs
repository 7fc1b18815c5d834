// Builds values of all sorts from plain descriptions: here for a task's input, and as a task module for its result.

const MAKE = {
  value: ({ value }) => value,
  list: ({ items }) => items.map(make),
  record: ({ fields }) => {
    const made = {};
    for (const [name, inner] of fields)
      Object.defineProperty(made, name, { value: make(inner), enumerable: true });
    return made;
  },
  twice: ({ inner }) => new Array(2).fill(make(inner)),
  hole: ({ inner }) => {
    const list = [];
    list[2] = make(inner);
    return list;
  },
  undefined: () => undefined,
  function: () => () => 1,
  symbol: () => Symbol('odd'),
  bigint: () => 10n,
  date: () => new Date(0),
  map: () => new Map([[1, 2]]),
  set: () => new Set([1]),
  regexp: () => /odd/,
  error: () => new Error('odd'),
  boxed: () => new Number(5),
  instance: () =>
    new (class Point {
      x = 1;
    })(),
  promise: ({ inner }) => Promise.resolve(make(inner)),
  getter: ({ inner }) => ({
    get x() {
      return make(inner);
    },
  }),
  thrower: () => ({
    get x() {
      throw new RangeError('cannot be read');
    },
  }),
  flicker: () => {
    let reads = 0;
    return {
      get x() {
        return reads++ === 0 ? 1 : () => reads;
      },
    };
  },
  cycle: ({ inner }) => {
    const list = [make(inner)];
    list.push({ list });
    return list;
  },
  deep: ({ depth, lists }) => {
    let made = 1;
    for (let i = 0; i < depth; i++) made = lists ? [made] : { x: made };
    return made;
  },
  bare: ({ inner }) => Object.assign(Object.create(null), { x: make(inner) }),
  inherits: ({ inner }) => Object.create({ x: make(inner) }),
  proxy: ({ inner }) => {
    const target = make(inner);
    return typeof target === 'object' && target !== null ? new Proxy(target, {}) : target;
  },
  revoked: () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  trap: () =>
    new Proxy(
      {},
      {
        ownKeys() {
          throw new TypeError('trapped');
        },
      },
    ),
  symbolKey: ({ inner }) => ({ [Symbol('odd')]: 1, x: make(inner) }),
  hidden: ({ inner }) => Object.defineProperty({ x: make(inner) }, 'y', { value: 2 }),
  listField: ({ inner }) => Object.assign([make(inner)], { x: 1 }),
  sublist: ({ inner }) => class List extends Array {}.of(make(inner), 2),
  subarray: ({ numbers }) => class Samples extends Float64Array {}.from(numbers),
  part: ({ numbers }) => Float64Array.from(numbers).subarray(1),
  buffer: ({ numbers }) =>
    (typeof Buffer === 'undefined' ? Uint8Array : Buffer).from(numbers.map((number) => number & 255)),
  shared: ({ numbers }) => {
    const Memory = typeof SharedArrayBuffer === 'undefined' ? ArrayBuffer : SharedArrayBuffer;
    const array = new Float32Array(new Memory(4 * numbers.length));
    array.set(numbers);
    return array;
  },
  resizable: ({ numbers }) => {
    const array = new Float64Array(new ArrayBuffer(8 * numbers.length, { maxByteLength: 1024 }));
    array.set(numbers);
    return array;
  },
  detached: () => {
    const array = Float64Array.of(1, 2);
    globalThis.structuredClone(array, { transfer: [array.buffer] });
    return array;
  },
  fake: () => Object.create(Float64Array.prototype),
  int32: () => Int32Array.of(1),
  bigints: () => BigInt64Array.of(1n),
  view: () => new DataView(new ArrayBuffer(2)),
  memory: () => new ArrayBuffer(2),
};

/** The kinds that need no more than their name, and those that hold another value or numbers. */
export const KINDS = {
  alone: Object.keys(MAKE).filter((kind) => MAKE[kind].length === 0),
  holders: [
    'twice',
    'hole',
    'promise',
    'getter',
    'cycle',
    'bare',
    'inherits',
    'proxy',
    'symbolKey',
    'hidden',
  ].concat(['listField', 'sublist']),
  arrays: ['subarray', 'part', 'buffer', 'shared', 'resizable'],
};

/** The value that a description is of. */
export function make(description) {
  return MAKE[description.kind](description);
}

/** Gives back its input. */
export function echo(value) {
  return value;
}

/** Throws an error with these fields, or what is no error. */
export function raise({ thrown, name, fields }) {
  if (thrown) throw make(thrown);
  const error = new (globalThis[name] ?? Error)('of its own');
  for (const [field, inner] of fields) {
    const property = inner.kind === 'thrower' ? { get: () => make(inner).x } : { value: make(inner) };
    Object.defineProperty(error, field, { configurable: true, ...property });
  }
  throw error;
}

const kept = Float64Array.of(1, 2, 3);

/** Gives views of one buffer that this module keeps. */
export function look(ways) {
  return ways === 0 ? kept : ways === 1 ? [kept, kept.subarray(1)] : { kept };
}

/** Changes its input, which it should not. */
export function spoil(input) {
  input.numbers?.fill(0);
  input.list?.push('spoilt');
  return input;
}

export { chatter } from './tasks.mjs';
