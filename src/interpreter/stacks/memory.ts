/**
 * Python's memory: limits it, so that Python raises MemoryError, and finds the running stack's number in it. Used by
 * `interpreter.ts`; starts before Pyodide is loaded, which creates the memory.
 *
 * Proved by `test/host/ceilings.test.ts`.
 */

import { setRunningToken } from '../../native/control-thread.ts'

/** `WebAssembly.Memory`, which is missing in Node's types. */
interface PythonMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

const PAGE_BYTES = 65_536
const PAGES_PER_MEBIBYTE = 16

/** Pyodide's module, whose views of the memory follow it when it grows. */
export interface PythonModule {
  readonly HEAP8: Int8Array<ArrayBuffer>
  _fflush(file: number): number
}

let ceilingPages = Number.POSITIVE_INFINITY
let python: PythonModule | null = null
let tokenAddress = 0
let callAddress = 0
/** Call whose buffered C output is being written; 0 for none. */
let writingCall = 0
let calls = new Int32Array(0)
/** Numbers: the call, whether the log has its output already, whether anything was printed. */
const CALL_NUMBERS = 3

const memories = (globalThis as unknown as { WebAssembly: { Memory: { prototype: PythonMemory } } }).WebAssembly.Memory
const { grow } = memories.prototype

/**
 * Limits the memory of this process. Emscripten grows it only by this method (Pyodide 314.0.7), and treats its error as
 * "no memory", as C does.
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

/** Sets the address of the running stack's number, by which the engine finds out who hangs. */
export function setTokenAddress(pythonModule: PythonModule, address: number): void {
  python = pythonModule
  tokenAddress = address
  setRunningToken(new Int32Array(pythonModule.HEAP8.buffer, address, 1))
}

/** Sets the address of the printing call: `running_call` of `python/cloaca/_border/stacks.py`. */
export function setCallAddress(address: number): void {
  callAddress = address
  calls = new Int32Array(0)
}

/** Returns whether the current output is in the log already: a handler of `logging` shows it. */
export function isInLog(): boolean {
  return calls[1] === 1
}

/** Returns the poll or attempt that prints now; 0 for none. Calls no function of Python, which is busy writing. */
export function printingCall(): number {
  const call = runningCall()
  if (call !== 0) calls[2] = 1
  return call
}

/** Returns the poll or attempt that runs now; 0 for none. */
export function runningCall(): number {
  if (python === null || callAddress === 0) return 0
  if (writingCall !== 0) return writingCall
  // Growing the memory replaces its buffer and detaches this one.
  if (calls.length === 0) calls = new Int32Array(python.HEAP8.buffer, callAddress, CALL_NUMBERS)
  return Math.max(calls[0] || runningToken(), 0)
}

/** Writes out buffered C output as that of a call that has just ended, or that waits. */
export function flushCOutput(call: number): void {
  writingCall = call
  try {
    python?._fflush(0)
  } finally {
    writingCall = 0
  }
}

export function runningToken(): number {
  return python === null ? 0 : (new Int32Array(python.HEAP8.buffer, tokenAddress, 1)[0] ?? 0)
}
