/**
 * Sets the group of a child process, which Node cannot: the addon joins it between fork and exec. Used by the
 * interpreter. Not possible without the binary, and under macOS, where processes are not forked.
 */

import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { binary } from './binary.ts'

/** Exports of addon.cc: an error number, or 0; of the child, negative if none was forked. */
interface Addon {
  setChildGroup(group: number): number
  childGroupError(): number
}

/** Thrown when no program was started: the group is missing, forbidden, or cannot be chosen (`code` is ENOSYS). */
export class GroupRefusal extends Error {
  readonly code: string

  constructor(group: number, error: number) {
    const code = getSystemErrorName(-error)
    super(`cannot start a process in group ${group}: ${code}`)
    this.name = 'GroupRefusal'
    this.code = code
  }
}

const addon = binary as Addon | null
const NONE = -1

/**
 * Starts a process with `start` in this group; at 0 the process leads one. Throws a GroupRefusal, or the error of
 * `start`.
 */
export function startInGroup(group: number, start: () => ChildProcess): ChildProcess {
  const refusal = addon?.setChildGroup(group) ?? constants.errno.ENOSYS
  if (addon === null || refusal !== 0) throw new GroupRefusal(group, refusal)
  let child: ChildProcess
  try {
    child = start()
  } finally {
    addon.setChildGroup(NONE)
  }
  const error = addon.childGroupError()
  if (error === 0 || child.pid === undefined) return child
  child.once('error', () => undefined) // Ignored: the cause is thrown below
  if (error > 0) throw new GroupRefusal(group, error)
  child.kill('SIGKILL') // Node has other ways to start processes than it had
  throw new GroupRefusal(group, constants.errno.ENOSYS)
}
