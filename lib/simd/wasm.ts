// Makes WebAssembly modules: names of instructions become bytes. It has only what compile.ts needs.
//
// WebAssembly is a stack machine: code pushes operands, and an instruction takes them off and pushes its result. So code
// is a list in that order: [['local.get', 0], ['local.get', 1], 'f32x4.add'] is local 0 + local 1. (WebAssembly Core
// Specification, release 2, chapter 5: 'Binary Format'.)

/** Bytes of an instruction. Those on vectors (v128, four 32-bit lanes) have a prefix and a number. */
const INSTRUCTIONS = {
  loop: [0x03, 0x40], // 0x40: it leaves nothing on the stack
  br_if: [0x0d],
  end: [0x0b],
  drop: [0x1a],
  'local.get': [0x20],
  'local.set': [0x21],
  'local.tee': [0x22],
  'i32.const': [0x41],
  'i32.lt_u': [0x49],
  'i32.add': [0x6a],
  'i32.shl': [0x74],
  'v128.load': vector(0),
  'v128.load32_zero': vector(92),
  'v128.store': vector(11),
  'v128.store32_lane': vector(90),
  'v128.const': vector(12),
  'i8x16.shuffle': vector(13),
  'v128.not': vector(77),
  'v128.and': vector(78),
  'v128.or': vector(80),
  'v128.xor': vector(81),
  'v128.bitselect': vector(82),
  'i8x16.narrow_i16x8_s': vector(101),
  'i16x8.narrow_i32x4_s': vector(133),
  'i16x8.extend_low_i8x16_u': vector(137),
  'i32x4.extend_low_i16x8_u': vector(169),
  'i32x4.ne': vector(56),
  'i32x4.shl': vector(171),
  'i32x4.shr_u': vector(173),
  'i32x4.add': vector(174),
  'i32x4.sub': vector(177),
  'f32x4.eq': vector(65),
  'f32x4.ne': vector(66),
  'f32x4.lt': vector(67),
  'f32x4.gt': vector(68),
  'f32x4.le': vector(69),
  'f32x4.ge': vector(70),
  'f32x4.abs': vector(224),
  'f32x4.sqrt': vector(227),
  'f32x4.add': vector(228),
  'f32x4.sub': vector(229),
  'f32x4.mul': vector(230),
  'f32x4.div': vector(231),
  'f32x4.min': vector(232),
  'f32x4.max': vector(233),
  'f32x4.convert_i32x4_s': vector(250),
  'f64x2.add': vector(240),
  'f64x2.promote_low_f32x4': vector(95),
} as const satisfies { readonly [name: string]: readonly number[] };

function vector(opcode: number): readonly number[] {
  return [0xfd, ...leb128(opcode)];
}

/** Instructions and their arguments (the number of a local, an address; bytes are copied), nested in any way. */
export type Code = keyof typeof INSTRUCTIONS | number | Uint8Array | readonly Code[];

/** Four lanes of zero. */
export const ZERO: Code = ['v128.const', new Uint8Array(16)];

/** Four lanes of a float32. */
export function splat(value: number): Code {
  return ['v128.const', new Uint8Array(new Float32Array(4).fill(value).buffer)];
}

/** A function that takes an i32 (local 0) and returns nothing. Local 1 is an i32; then come `vectors` locals of v128. */
export interface WasmFunction {
  readonly name: string;
  readonly vectors: number;
  readonly code: Code;
}

const I32 = 0x7f;
const V128 = 0x7b;
const FUNCTION = 0x60;
const MEMORY_KIND = 0x02;
const FUNCTION_KIND = 0x00;

/** A module that imports a memory (as 'here' 'memory') and exports the functions. */
export function encodeModule(functions: readonly WasmFunction[]): Uint8Array {
  const types = [[FUNCTION, ...list([[I32]]), ...list([])]]; // (i32) -> ()
  const imports = [[...text('here'), ...text('memory'), MEMORY_KIND, 0, 1]]; // at least 1 page, no upper limit
  const typeOf = functions.map(() => [0]);
  const exports = functions.map(({ name }, i) => [...text(name), FUNCTION_KIND, ...leb128(i)]);
  const bodies = functions.map(({ vectors, code }) => {
    const vectorLocals = [...leb128(vectors), V128];
    const locals = list([[1, I32], vectorLocals]);
    return withLength([...locals, ...encode(code), ...INSTRUCTIONS.end]);
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // '\0asm' and the version
    ...section(1, types),
    ...section(2, imports),
    ...section(3, typeOf),
    ...section(7, exports),
    ...section(10, bodies),
  ]);
}

function section(id: number, items: readonly (readonly number[])[]): readonly number[] {
  return [id, ...withLength(list(items))];
}

function list(items: readonly (readonly number[])[]): readonly number[] {
  return [...leb128(items.length), ...items.flat()];
}

function withLength(bytes: readonly number[]): readonly number[] {
  return [...leb128(bytes.length), ...bytes];
}

function text(name: string): readonly number[] {
  return withLength([...name].map((character) => character.charCodeAt(0)));
}

function encode(code: Code): readonly number[] {
  if (typeof code === 'number') return leb128(code);
  if (typeof code === 'string') return INSTRUCTIONS[code];
  return code instanceof Uint8Array ? [...code] : code.flatMap(encode);
}

/**
 * An integer >= 0 in groups of seven bits, the lowest first; the top bit of a byte says that more follow. 'i32.const'
 * reads it with a sign (below 64 that makes no difference).
 */
function leb128(value: number): readonly number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb128(value >>> 7)];
}

/** The part of the WebAssembly interface that is used here. The types of Node and es2023 leave it out. */
declare const WebAssembly:
  | undefined
  | {
      validate(bytes: Uint8Array): boolean;
      readonly Module: new (bytes: Uint8Array) => object;
      readonly Instance: new (module: object, imports: object) => { readonly exports: object };
      readonly Memory: new (size: { readonly initial: number }) => WasmMemory;
    };

/** Bytes that modules and their callers share. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

let memory: WasmMemory | null | undefined;

/** Whether this thread can run compiled expressions. */
export function simdSupported(): boolean {
  return threadMemory() !== undefined;
}

/**
 * The one memory of this thread; undefined if vector instructions or memory are not available. V8 reserves 10 GB of
 * addresses for each memory, so modules share it (none runs while another does).
 */
export function threadMemory(): WasmMemory | undefined {
  if (memory === undefined) memory = newMemory() ?? null;
  return memory ?? undefined;
}

function newMemory(): WasmMemory | undefined {
  const probe = encodeModule([{ name: 'probe', vectors: 0, code: [ZERO, 'drop'] }]);
  if (typeof WebAssembly === 'undefined' || !WebAssembly.validate(probe)) return undefined;
  try {
    return new WebAssembly.Memory({ initial: 1 });
  } catch {
    return undefined; // some clusters limit addresses with `ulimit -v`; expressions are then interpreted
  }
}

/** Compiles a module for this thread's memory, which must be there. Returns its functions by name. */
export function instantiate(bytes: Uint8Array): { readonly [name: string]: (argument: number) => void } {
  const instance = new WebAssembly!.Instance(new WebAssembly!.Module(bytes), {
    here: { memory: threadMemory() },
  });
  return instance.exports as { readonly [name: string]: (argument: number) => void };
}
