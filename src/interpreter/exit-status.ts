/** Exit status of a script: a code, or the negative number of a signal. Used by `interpreter-session.ts`. */

import { constants } from 'node:os'

/** Offset of a shell's exit status for a signal. */
const SIGNALLED = 128

export function toExitCode(status: number): number {
  return status < 0 ? SIGNALLED - status : status
}

/** Returns the text that follows "a script ended the process". */
export function describeExit(status: number): string {
  if (status >= 0) return `with code ${status}`
  const [name] = Object.entries(constants.signals).find(([, number]) => number === -status) ?? []
  return `by ${name ?? `signal ${-status}`}`
}
