/**
 * Whether a file asks for a worker: `export const isolation = 'worker'`. It has to be known before the file is imported, since
 * that is to happen in the worker: so it is read as text.
 */

import { readFileSync } from 'node:fs'

const WANTED = /^export\s+const\s+isolation\s*(?::[^=]+)?=\s*(['"`])worker\1/m

/** False also for a file that cannot be read: who imports it says why. */
export function wantsWorker(path: string): boolean {
  try {
    return WANTED.test(readFileSync(path, 'utf8'))
  } catch {
    return false
  }
}

/** Throws for an `isolation` that would have no effect. `exports`: of a file that was not imported in a worker. */
export function refuseIsolation(exports: Readonly<Record<string, unknown>>): void {
  const { isolation } = exports
  if (isolation === undefined || isolation === 'none') return
  throw new TypeError(
    `its "isolation" must be declared on a line of its own, exactly like this: export const isolation = 'worker' (or 'none')`,
  )
}
