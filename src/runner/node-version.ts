/**
 * The oldest Node that cloaca runs on. Asked by the two composition roots before anything native is loaded, which an older
 * Node would not survive; `cli/main.ts` says the same before it imports anything.
 */

import { UsageError } from '../errors.ts'

export const OLDEST_NODE = 24

/** Throws `NODE_TOO_OLD`. */
export function requireNode(version = process.versions.node): void {
  if (Number(version.split('.')[0]) >= OLDEST_NODE) return
  throw new UsageError(
    'NODE_TOO_OLD',
    `cloaca needs Node ${OLDEST_NODE} or newer, but this is Node ${version}. Install a newer Node.`,
  )
}
