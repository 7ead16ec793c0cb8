/**
 * Descriptors between the engine and the process of an interpreter. Both ends must agree on them.
 *
 *   descriptor 3   engine → interpreter   messages (`protocol.ts`), as frames (`frames.ts`)
 *   descriptor 4   interpreter → engine   messages; writes block, which is safe because the engine never blocks
 *   descriptor 5   both ways              control records, read by a thread while Python computes
 *
 *   descriptor 6   CPython → engine       stacks of all threads as text, after the signal that `hello` names
 *
 *   from 6         Pyodide started by a script as `python`: the descriptors that the script passed to it
 *
 * The engine's first message is `start`, the interpreter's first is `hello`. Other data closes the channel and ends the
 * interpreter.
 */

export const MESSAGES_IN = 3
export const MESSAGES_OUT = 4
export const CONTROL = 5
export const STACKS_OUT = 6
export const FIRST_PASSED_DESCRIPTOR = 6
/** Variable of a Python that a script starts: comma-separated numbers of its inherited descriptors above 2. */
export const DESCRIPTORS_VARIABLE = 'CLOACA_PYTHON_DESCRIPTORS'

/** Increased by each change of the protocol's messages or of the control records. */
export const PROTOCOL_VERSION = 16

/**
 * A control record is two numbers of 4 bytes, little endian: an operation and its argument, or, to the engine, a report
 * and its value. Each `interrupt` is answered by `misses`: how many interrupts so far met another stack than they were
 * meant for, and by `runningToken`: the stack that runs, 0 for none. `memoryMebibytes` is what its process has, said
 * each second in which that has changed. The others are repeated each second while the interpreter is close to a
 * ceiling. `runUntil`: time on the machine's monotonic clock until which attempts with limits may run, in milliseconds
 * modulo 2^32. When it has passed, the interpreter stops them, and ends its process 200 ms later, unless the engine
 * sends `runFreely` or a later time.
 */
export const CONTROL_OPERATIONS = Object.freeze({
  requestCheck: 1,
  raise: 2,
  interrupt: 3,
  endSlice: 4,
  acknowledge: 5,
  runUntil: 6,
  runFreely: 7,
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
