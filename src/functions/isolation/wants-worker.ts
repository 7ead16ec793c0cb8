/**
 * Reads whether a file contains `export const isolation = 'worker'`. The text is searched, because the file must be
 * imported in the worker only.
 */

import { readFileSync } from 'node:fs'

const WANTED = /^export\s+const\s+isolation\s*(?::[^=]+)?=\s*(['"`])worker\1/m

/** Returns false also for an unreadable file, because its import reports the error. */
export function wantsWorker(path: string): boolean {
  try {
    return WANTED.test(readFileSync(path, 'utf8'))
  } catch {
    return false
  }
}

/** Throws for an `isolation` that has no effect. `exports`: of a file that was not imported in a worker. */
export function refuseIsolation(exports: Readonly<Record<string, unknown>>): void {
  const { isolation } = exports
  if (isolation === undefined || isolation === 'none') return
  throw new TypeError(
    `its "isolation" must be declared on a line of its own, exactly like this: export const isolation = 'worker' ` +
      `(or 'none')`,
  )
}
