/**
 * Limits that the kernel keeps a restricted interpreter to (Linux): files, TCP ports and signals by Landlock, from the first instruction of
 * the process, and system calls by seccomp, before its first script. Used by the starter of interpreters, and by an interpreter.
 */

import type { ChildProcess } from 'node:child_process'
import { closeSync } from 'node:fs'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { binary, binaryProblem } from '../binary.ts'

/** Files, and folders with all below them. Paths that do not exist grant nothing. */
export interface Confinement {
  readonly readable: readonly string[]
  readonly writable: readonly string[]
  /** May be executed: the program itself, and what loads it. */
  readonly executable: readonly string[]
  /** TCP ports that may be connected to and listened on; null for all. */
  readonly ports: readonly number[] | null
}

/** The functions of exports.cc for it: descriptors, or negative error numbers; and error numbers, 0 for none. */
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

/** Why the kernel cannot limit a process here, in a few words; null where it can. */
export function confinementProblem(): string | null {
  if (addon === null) return `cloaca's native addon is missing: ${binaryProblem}`
  const rules = addon.makeConfinement([], [], [], true, [])
  if (rules < 0) return `the kernel does not support Landlock: ${getSystemErrorName(rules)}`
  closeSync(rules)
  return null
}

/** Starts a process within these limits. `start` starts one process and returns it. Throws if it could not be limited. */
export function startConfined(confinement: Confinement, start: () => ChildProcess): ChildProcess {
  if (addon === null) throw new Error(`cannot restrict a process: ${binaryProblem}`)
  const { readable, writable, executable, ports } = confinement
  const rules = addon.makeConfinement(readable, writable, executable, ports === null, ports ?? [])
  if (rules < 0) throw new Error(`the kernel rejected the restrictions of a process: ${getSystemErrorName(rules)}`)
  try {
    const error = addon.setChildConfinement(rules)
    if (error !== 0) throw new Error(`the kernel rejected the restrictions of a process: ${getSystemErrorName(-error)}`)
    return checked(addon, start())
  } finally {
    addon.setChildConfinement(NONE)
    closeSync(rules)
  }
}

/** Throws for a process that was not limited, and ends it: Node has other ways to start processes than it had, or the kernel refused. */
function checked(of: Addon, child: ChildProcess): ChildProcess {
  const error = of.childConfinementError()
  if (error === 0 || child.pid === undefined) return child
  child.once('error', () => undefined)
  child.kill('SIGKILL')
  throw new Error(`cannot restrict a process: ${getSystemErrorName(-(error > 0 ? error : constants.errno.ENOSYS))}`)
}

/** Forbids system calls to all threads of this process, for good. Returns the name of an error, or nothing. */
export function forbidSystemCalls(hasNetwork: boolean): string {
  const error = addon?.forbidSystemCalls(hasNetwork) ?? constants.errno.ENOSYS
  return error === 0 ? '' : getSystemErrorName(-error)
}
