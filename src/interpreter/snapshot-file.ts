/** Reads the file of a memory snapshot, and checks that its bytes are those that were stored. Used by `interpreter.ts`. */

import { open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { snapshotContent } from '../border/snapshot-name.ts'

export interface Snapshot {
  /** Of the right size at once, and full when `isRead` settles. */
  readonly bytes: Uint8Array
  /** Rejects for a file that is not what was stored: Python would go wrong with it at any moment later. */
  readonly isRead: Promise<void>
}

/** Begins to read, beside what else the start of an interpreter does. */
export function readSnapshot(path: string): Snapshot {
  const content = snapshotContent(path)
  if (content === null) throw new Error(`"${path}" is not the name of a snapshot`)
  const bytes = new Uint8Array(content.size)
  const isRead = read(path, bytes, content.checksum)
  isRead.catch(() => undefined) // until somebody waits for it
  return { bytes, isRead }
}

async function read(path: string, bytes: Uint8Array, checksum: number): Promise<void> {
  await using file = await open(path)
  let filled = 0
  for (;;) {
    const { bytesRead } = await file.read(bytes, filled)
    filled += bytesRead
    if (bytesRead === 0 || filled === bytes.length) break
  }
  const { size } = await file.stat()
  if (size === bytes.length && filled === size && crc32(bytes) === checksum) return
  throw new Error('its bytes are not those that were stored')
}
