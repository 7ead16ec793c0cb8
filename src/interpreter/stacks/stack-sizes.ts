/**
 * How deep Python may recurse. Called by `interpreter.ts` once Pyodide is loaded, before anything enters a stack.
 *
 * C code of Python recurses on two stacks at once: V8's, of which each entry into Python has one of its own, and
 * one in Pyodide's memory, which CPython measures to raise `RecursionError`. V8's must be the roomier one, for at its
 * end the whole interpreter is lost. As V8 gives them out (984 KB, seen in Node 26.10) the other has ten times as
 * much, so V8's are made larger, and Pyodide's smaller. What V8 reserves is addresses: memory is taken when it is used.
 *
 * Proved by `test/host/recursion.test.ts`.
 */

import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import type { PyodideAPI } from 'pyodide'

/** From the wanted size downwards. */
const SIZES_KB: readonly number[] = [60_000, 16_000, 4_000]
/** Where nothing is said. */
const V8_SIZE_KB = 984
/** So many suspended stacks must find room, or they are made smaller. */
const STACKS = 200
/**
 * Of V8's stack for each byte of Pyodide's. C code takes up to 12 (nested arrays in `json.loads`, a class whose
 * `__call__` is an instance of it; seen with code that V8 has not optimized yet).
 */
const SHARE = 20

interface LinearStack {
  _emscripten_stack_get_base(): number
  _emscripten_stack_get_end(): number
  _emscripten_stack_set_limits(base: number, end: number): void
}

export interface Stacks {
  /** A line to say where they had to be smaller, or null. */
  readonly notice: string | null
  /** So many find room, of whatever they are for. */
  readonly count: number
}

/**
 * Makes the stacks of later entries into Python as large as the process's limits allow. The process's own stack stays as
 * it is, with its guard.
 */
export function widenStacks(pyodide: PyodideAPI, limit = addressLimit()): Stacks {
  const sizeKb = stackSizeKb(limit)
  const count = limit === null ? Number.POSITIVE_INFINITY : Math.floor(limit.leftKb / (sizeKb ?? V8_SIZE_KB))
  if (sizeKb === null) return { notice: `${reason(limit)}. Deep recursion in C can crash the interpreter.`, count }
  // Both: V8 gives a stack the one size, and lets code use no more of it than the other.
  setFlagsFromString(`--wasm-stack-switching-stack-size=${sizeKb}`)
  setFlagsFromString(`--stack-size=${sizeKb}`)
  const stack = (pyodide as unknown as { _module: LinearStack })._module
  const base = stack._emscripten_stack_get_base()
  // Python looks at these limits for each entry, which has a thread state of its own (seen in Pyodide 314.0.7).
  const end = Math.max(stack._emscripten_stack_get_end(), base - Math.trunc((sizeKb * 1024) / SHARE))
  stack._emscripten_stack_set_limits(base, end - (end % 16))
  const isFull = sizeKb === SIZES_KB[0]
  return { notice: isFull ? null : `${reason(limit)}. Deep recursion raises RecursionError earlier.`, count }
}

/** A limit on the addresses of this process. */
export interface AddressLimit {
  /** How a user names it. */
  readonly name: string
  readonly leftKb: number
}

/** The size of which enough find room, or null when none does. */
export function stackSizeKb(limit: AddressLimit | null): number | null {
  return SIZES_KB.find((sizeKb) => limit === null || sizeKb * STACKS <= limit.leftKb) ?? null
}

function reason(limit: AddressLimit | null): string {
  return `Python has small stacks, because ${limit?.name} leaves no room for larger ones`
}

/** The strictest limit, or null when there is none. Only Linux has limits that count what is reserved. */
export function addressLimit(): AddressLimit | null {
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

/** The soft limit of a row, in KB; null for an unlimited one. */
function bytes(limits: string, row: string): number | null {
  const found = new RegExp(`^${row} +(\\d+)`, 'm').exec(limits)?.[1]
  return found === undefined ? null : Math.trunc(Number(found) / 1024)
}

function kilobytes(report: string, row: string): number | null {
  const found = new RegExp(`^${row}:\\s+(\\d+) kB`, 'm').exec(report)?.[1]
  return found === undefined ? null : Number(found)
}

/** A kernel that does not tell a limit is taken to have none. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
