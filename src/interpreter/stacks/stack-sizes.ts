/**
 * Sets how deep Python may recurse. Called by `interpreter.ts` when Pyodide is loaded, before any stack is entered.
 *
 * C code of Python recurses on two stacks: a stack of V8 (each entry into Python has its own), and one in Pyodide's
 * memory, which CPython measures to raise `RecursionError`. V8's stack must have more room, because its end
 * ends the interpreter. By default (984 KB, seen in Node 26.10) the other one has ten times as much. So V8's stacks are
 * made larger, and Pyodide's smaller. V8 reserves addresses; it allocates memory when the memory is used.
 *
 * Proved by `test/host/recursion.test.ts`.
 */

import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import type { PyodideAPI } from 'pyodide'

/** From the wanted size downwards. */
const SIZES_KB: readonly number[] = [60_000, 16_000, 4_000]
const V8_SIZE_KB = 984
/** Minimum number of suspended stacks for which there must be room. Otherwise stacks are made smaller. */
const STACKS = 200
/**
 * Bytes of V8's stack for each byte of Pyodide's. C code uses up to 12 (nested arrays in `json.loads`, a class whose
 * `__call__` is an instance of it; seen with unoptimized code).
 */
const SHARE = 20

interface LinearStack {
  _emscripten_stack_get_base(): number
  _emscripten_stack_get_end(): number
  _emscripten_stack_set_limits(base: number, end: number): void
}

export interface Stacks {
  /** Log line that explains smaller stacks, or null. */
  readonly notice: string | null
  /** Number of stacks of any kind for which there is room. */
  readonly count: number
}

/**
 * Makes stacks of later entries into Python as large as the limits of the process allow. The process's own stack keeps
 * its size and guard.
 */
export function widenStacks(pyodide: PyodideAPI, limit = addressLimit()): Stacks {
  const sizeKb = stackSizeKb(limit)
  const count = limit === null ? Number.POSITIVE_INFINITY : Math.floor(limit.leftKb / (sizeKb ?? V8_SIZE_KB))
  if (sizeKb === null) return { notice: `${reason(limit)}. Deep recursion in C can crash the interpreter.`, count }
  // V8 allocates the first size, and lets code use only the second.
  setFlagsFromString(`--wasm-stack-switching-stack-size=${sizeKb}`)
  setFlagsFromString(`--stack-size=${sizeKb}`)
  const stack = (pyodide as unknown as { _module: LinearStack })._module
  const base = stack._emscripten_stack_get_base()
  // Python reads these limits at each entry, which has its own thread state (seen in Pyodide 314.0.7).
  const end = Math.max(stack._emscripten_stack_get_end(), base - Math.trunc((sizeKb * 1024) / SHARE))
  stack._emscripten_stack_set_limits(base, end - (end % 16))
  const isFull = sizeKb === SIZES_KB[0]
  return { notice: isFull ? null : `${reason(limit)}. Deep recursion raises RecursionError earlier.`, count }
}

export interface AddressLimit {
  readonly name: string
  readonly leftKb: number
}

/** Returns the largest size that leaves room for `STACKS` stacks, or null if none does. */
export function stackSizeKb(limit: AddressLimit | null): number | null {
  return SIZES_KB.find((sizeKb) => limit === null || sizeKb * STACKS <= limit.leftKb) ?? null
}

function reason(limit: AddressLimit | null): string {
  return `Python has small stacks, because ${limit?.name} leaves no room for larger ones`
}

/** Returns the strictest limit, or null. Only Linux limits reserved addresses. */
function addressLimit(): AddressLimit | null {
  if (process.platform !== 'linux') return null
  const limits = read('/proc/self/limits')
  const status = read('/proc/self/status')
  const memory = read('/proc/meminfo')
  const isStrict = read('/proc/sys/vm/overcommit_memory').trim() === '2'
  const found: AddressLimit[] = []
  const add = (name: string, mostKb: number | null, usedKb: number | null) => {
    if (mostKb !== null) found.push({ name, leftKb: Math.max(0, mostKb - (usedKb ?? 0)) })
  }
  add('the limit on address space (ulimit -v)', bytes(limits, 'Max address space'), kilobytes(status, 'VmSize'))
  add('the limit on data (ulimit -d)', bytes(limits, 'Max data size'), kilobytes(status, 'VmData'))
  if (isStrict) {
    add('vm.overcommit_memory=2', kilobytes(memory, 'CommitLimit'), kilobytes(memory, 'Committed_AS'))
  }
  return found.sort((a, b) => a.leftKb - b.leftKb)[0] ?? null
}

/** Returns the soft limit of a row in KB; null for an unlimited one. */
function bytes(limits: string, row: string): number | null {
  const found = new RegExp(`^${row} +(\\d+)`, 'm').exec(limits)?.[1]
  return found === undefined ? null : Math.trunc(Number(found) / 1024)
}

function kilobytes(report: string, row: string): number | null {
  const found = new RegExp(`^${row}:\\s+(\\d+) kB`, 'm').exec(report)?.[1]
  return found === undefined ? null : Number(found)
}

/** Returns '' for a missing file, so that its limit is taken as unlimited. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
