/**
 * Limits of the kernel for a restricted interpreter (Linux): files, TCP ports and signals by Landlock from its first
 * instruction, system calls by seccomp before its first script. Used by interpreters and their starter.
 */

import type { ChildProcess } from 'node:child_process'
import { closeSync } from 'node:fs'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { binary, binaryProblem } from '../binary.ts'

/** Files, and folders with all below them. Missing paths grant nothing. */
export interface Confinement {
  readonly readable: readonly string[]
  readonly writable: readonly string[]
  /** Paths of the program and its loader. */
  readonly executable: readonly string[]
  /** TCP ports that may be connected to and listened on; null for all. */
  readonly ports: readonly number[] | null
}

/** Exports of exports.cc: descriptors or negative error numbers; and error numbers, 0 for none. */
interface Addon {
  makeConfinement(
    readable: readonly string[],
    writable: readonly string[],
    executable: readonly string[],
    anyPort: boolean,
    ports: readonly number[],
  ): number
  setChildConfinement(rules: number): number
  childConfinementError(): number
  forbidSystemCalls(hasNetwork: boolean): number
}

const addon = binary as Addon | null
const NONE = -1

/** Returns why the kernel cannot limit a process, in a few words; null if it can. */
export function confinementProblem(): string | null {
  if (addon === null) return `cloaca's native addon is missing: ${binaryProblem}`
  const rules = addon.makeConfinement([], [], [], true, [])
  // Uncoded: the reason why an interpreter does not start
  if (rules < 0) return `the kernel does not support Landlock: ${getSystemErrorName(rules)}`
  closeSync(rules)
  return null
}

/** Starts a process with `start` within these limits. Throws if it could not be limited. */
export function startConfined(confinement: Confinement, start: () => ChildProcess): ChildProcess {
  // Uncoded: the reason why an interpreter does not start
  if (addon === null) throw new Error(`cannot restrict a process: ${binaryProblem}`)
  const { readable, writable, executable, ports } = confinement
  const rules = addon.makeConfinement(readable, writable, executable, ports === null, ports ?? [])
  // Uncoded: the reason why an interpreter does not start
  if (rules < 0) throw new Error(`the kernel rejected the restrictions of a process: ${getSystemErrorName(rules)}`)
  try {
    const error = addon.setChildConfinement(rules)
    // Uncoded: the reason why an interpreter does not start
    if (error !== 0) throw new Error(`the kernel rejected the restrictions of a process: ${getSystemErrorName(-error)}`)
    return checked(addon, start())
  } finally {
    addon.setChildConfinement(NONE)
    closeSync(rules)
  }
}

/** Ends a process that was not limited and throws: Node may have a new way to start it, or the kernel refused. */
function checked(of: Addon, child: ChildProcess): ChildProcess {
  const error = of.childConfinementError()
  if (error === 0 || child.pid === undefined) return child
  child.once('error', () => undefined) // Ignored: the cause is thrown below
  child.kill('SIGKILL')
  // Uncoded: the reason why an interpreter does not start
  throw new Error(`cannot restrict a process: ${getSystemErrorName(-(error > 0 ? error : constants.errno.ENOSYS))}`)
}

/** Forbids system calls to all threads of this process for good. Returns the name of an error, or ''. */
export function forbidSystemCalls(hasNetwork: boolean): string {
  const error = addon?.forbidSystemCalls(hasNetwork) ?? constants.errno.ENOSYS
  return error === 0 ? '' : getSystemErrorName(-error)
}
