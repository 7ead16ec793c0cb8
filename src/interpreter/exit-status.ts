/** How a script ends its process: with a code, or by a signal, which is a negative number here. Used by `session.ts`. */

import { constants } from 'node:os'

/** As a shell has it for what a signal ends. */
const SIGNALLED = 128

export function exitCodeOf(status: number): number {
  return status < 0 ? SIGNALLED - status : status
}

/** What comes behind "a script ended the process". */
export function describeExit(status: number): string {
  if (status >= 0) return `with code ${status}`
  const [name] = Object.entries(constants.signals).find(([, number]) => number === -status) ?? []
  return `by ${name ?? `signal ${-status}`}`
}
