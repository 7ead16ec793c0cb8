/**
 * The memory of Python: one piece that grows. Keeps it below a ceiling, where Python raises MemoryError, and tells where the
 * number of the stack that runs stands in it. Used by `interpreter.ts`; begins before Pyodide is loaded, which makes the memory.
 *
 * Proved by `test/host/ceilings.test.ts`.
 */

import { setRunningToken } from '../../native/control-thread.ts'

/** `WebAssembly.Memory`, of which Node's types say nothing. */
interface PythonMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

const PAGE_BYTES = 65_536
const PAGES_PER_MEBIBYTE = 16

/** Pyodide's module, whose views of the memory follow it when it grows. */
export interface PythonModule {
  readonly HEAP8: Int8Array<ArrayBuffer>
  /** C's: writes out what its own functions have printed; 0 means all open files. */
  _fflush(file: number): number
}

let ceilingPages = Number.POSITIVE_INFINITY
let python: PythonModule | null = null
/** Where the token stands. */
let tokenAddress = 0
let callAddress = 0
/** Whose output is written out at its end; 0 for none. */
let endingCall = 0
let calls = new Int32Array(0)
/** Whose it is, whether the log has it already, whether anybody has printed. */
const CALL_NUMBERS = 3

const memories = (globalThis as unknown as { WebAssembly: { Memory: { prototype: PythonMemory } } }).WebAssembly.Memory
const { grow } = memories.prototype

/**
 * From now on no memory of this process grows beyond the ceiling. Emscripten grows it by this method alone (Pyodide
 * 314.0.7), and takes its error for "no memory", as C does.
 */
export function limitMemory(ceilingMebibytes: number): void {
  ceilingPages = ceilingMebibytes * PAGES_PER_MEBIBYTE
  memories.prototype.grow = function growWithin(this: PythonMemory, pages: number): number {
    const before = this.buffer.byteLength / PAGE_BYTES
    if (before + pages > ceilingPages)
      throw new RangeError(`Python cannot use more than ${ceilingMebibytes} MiB of memory.`)
    const isPython = this.buffer === python?.HEAP8.buffer
    const result = grow.call(this, pages)
    if (isPython) setRunningToken(new Int32Array(this.buffer, tokenAddress, 1))
    return result
  }
}

/** Says where Python keeps the number of the stack that runs, so that a hang can be told whose it is. */
export function watchToken(pythonModule: PythonModule, address: number): void {
  python = pythonModule
  tokenAddress = address
  setRunningToken(new Int32Array(pythonModule.HEAP8.buffer, address, 1))
}

/** Says where Python keeps whose output is what is printed: `running_call` of `python/cloaca/_border/stacks.py`. */
export function watchCall(address: number): void {
  callAddress = address
  calls = new Int32Array(0)
}

/** Whether what is printed now is in the log already: a handler of `logging` shows it. */
export function isKeptAlready(): boolean {
  return calls[1] === 1
}

/**
 * The poll or attempt whose output is what is printed now; 0 for none. It is asked for at each write, and no function of Python's may be called then, which is in the middle of something.
 */
export function callThatPrints(): number {
  if (python === null || callAddress === 0) return 0
  if (endingCall !== 0) return endingCall
  // The memory has another buffer when it has grown, and this one none any more.
  if (calls.length === 0) calls = new Int32Array(python.HEAP8.buffer, callAddress, CALL_NUMBERS)
  const call = calls[0] || runningToken()
  if (call <= 0) return 0
  calls[2] = 1
  return call
}

/** Writes out what C has printed and kept, as that of a call that has just ended. */
export function flushC(call: number): void {
  endingCall = call
  try {
    python?._fflush(0)
  } finally {
    endingCall = 0
  }
}

/** The stack that runs; 0 for none. */
export function runningToken(): number {
  return python === null ? 0 : (new Int32Array(python.HEAP8.buffer, tokenAddress, 1)[0] ?? 0)
}
