/**
 * The lines between the engine and an interpreter, which is a process of its own: what both ends must agree on.
 *
 *   descriptor 3   engine → interpreter   messages (`protocol.ts`), as frames (`frames.ts`)
 *   descriptor 4   interpreter → engine   the same; written blocking, which is safe, since the engine never blocks
 *   descriptor 5   both ways              control records, which a thread of the interpreter reads while Python computes
 *
 *   descriptor 6   CPython → engine       the stacks of all its threads, as text, when the signal comes that its `hello` names
 *
 *   from 6 on      of a Pyodide that a script has started as python: what it was handed beside its standard streams
 *
 * The engine's first message is `start`, the interpreter's first is `hello`. A line that says something else than is agreed
 * on here is closed, and the interpreter with it.
 */

export const MESSAGES_IN = 3
export const MESSAGES_OUT = 4
export const CONTROL = 5
export const STACKS_OUT = 6
export const FIRST_HANDED = 6
/** Variable of a Python that a script starts: numbers, separated by commas, of the descriptors above 2 that it is handed. */
export const HANDED_VARIABLE = 'CLOACA_PYTHON_DESCRIPTORS'

/** Counts up with each change of the protocol's messages or of the control records. */
export const PROTOCOL_VERSION = 12

/**
 * A control record is two numbers of 4 bytes, little endian: an operation and its argument, or, to the engine, a report
 * and its value. Each `interrupt` is answered by `misses`: how many interrupts so far met another stack than they were
 * meant for, and by `runningToken`: the stack that runs, 0 for none. `memoryMebibytes` is what its process has, said each second in which
 * that has changed. The others are repeated each second while the interpreter is close to a ceiling.
 */
export const CONTROL_OPERATIONS = Object.freeze({
  requestCheck: 1,
  raise: 2,
  interrupt: 3,
  endSlice: 4,
  acknowledge: 5,
})
export type ControlOperation = keyof typeof CONTROL_OPERATIONS
export const CONTROL_REPORTS = Object.freeze({
  misses: 1,
  residentMebibytes: 2,
  openFiles: 3,
  runningToken: 4,
  memoryMebibytes: 5,
})
export const CONTROL_NUMBER_BYTES = 4

export function controlRecord(operation: ControlOperation, argument: number): Buffer {
  const record = Buffer.allocUnsafe(2 * CONTROL_NUMBER_BYTES)
  record.writeUInt32LE(CONTROL_OPERATIONS[operation], 0)
  record.writeUInt32LE(argument >>> 0, CONTROL_NUMBER_BYTES) // numbers below 0 as C has them
  return record
}
