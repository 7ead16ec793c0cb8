/**
 * The group of a child process, which Node cannot choose: the addon joins it in the child, between fork and exec. Used by the
 * interpreter. Where the binary is missing, and under macOS, whose processes are not forked, there is none to be chosen.
 */

import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { binary } from './binary.ts'

/** What addon.cc exports for it: an error number, or 0; of the child negative when none was forked. */
interface Addon {
  setChildGroup(group: number): number
  childGroupError(): number
}

/** No program was started: the group is not there, not allowed, or cannot be chosen at all (`code` is ENOSYS). */
export class GroupRefusal extends Error {
  /** The name of an error number. */
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
 * Starts a process in the group of this number, or at 0 in one that it leads. `start` starts one process and returns it.
 * Throws a GroupRefusal, or what `start` throws.
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
  child.once('error', () => undefined)
  if (error > 0) throw new GroupRefusal(group, error)
  child.kill('SIGKILL') // Node has other ways to start processes than it had
  throw new GroupRefusal(group, constants.errno.ENOSYS)
}
