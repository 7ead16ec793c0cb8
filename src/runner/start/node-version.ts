/**
 * Checks the version of Node before anything native is loaded, which an older Node would not survive. Called by the two
 * composition roots; `cli/main.ts` checks the same before its imports.
 */

import { UsageError } from '../../errors.ts'

export const MIN_NODE_VERSION = 24

/** Throws `NODE_TOO_OLD`. */
export function requireNode(version = process.versions.node): void {
  if (Number(version.split('.')[0]) >= MIN_NODE_VERSION) return
  throw new UsageError(
    'NODE_TOO_OLD',
    `cloaca needs Node ${MIN_NODE_VERSION} or newer, but this is Node ${version}. Install a newer Node.`,
  )
}
