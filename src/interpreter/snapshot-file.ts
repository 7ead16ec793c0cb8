/** Reads the file of a memory snapshot, and checks that its bytes are those that were stored. Used by `interpreter.ts`. */

import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { snapshotContent } from '../border/snapshot-name.ts'

/** Throws for a file whose bytes have changed: Python would go wrong with it at any moment later. */
export function readSnapshot(path: string): Uint8Array {
  const snapshot = readFileSync(path)
  const expected = snapshotContent(path)
  if (expected?.size === snapshot.length && expected.checksum === crc32(snapshot)) return snapshot
  throw new Error('its bytes are not those that were stored')
}
