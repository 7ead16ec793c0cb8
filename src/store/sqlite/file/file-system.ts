/**
 * File systems on which SQLite's log must not be shared: its index is memory that all processes map, and its locks must
 * reach all of them. The store asks when it opens a file, and the user is warned. Linux tells the kind of a file system by
 * number, Windows by the form of the path; elsewhere it cannot be told from here, and nothing is said.
 */

import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'

/** From `linux/magic.h` and the drivers' own headers. */
const UNSAFE: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'SMB (cifs)'],
  [0xfe534d42, 'SMB (smb2)'],
  [0x517b, 'SMB (smbfs)'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9P'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x564c, 'NetWare'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0x20030528, 'OrangeFS'],
  [0x786f4256, 'a shared folder of VirtualBox'],
  [0xbacbacbc, 'a shared folder of VMware'],
])

/** Reads the kind of the file system that a path lies on; may throw as `statfs` does. */
export type ReadFileSystem = (path: string) => number

export function readFileSystem(path: string): number {
  return statfsSync(path).type
}

/** What to warn a user of who keeps a database at this path; null where nothing is known against it. */
export function fileSystemWarning(
  path: string,
  read: ReadFileSystem = readFileSystem,
  platform: NodeJS.Platform = process.platform,
): string | null {
  const kind = unsafeKind(path, read, platform)
  if (kind === null) return null
  return (
    `Database "${path}" is on ${kind}, where file locks may not work between machines. If two machines use ` +
    'the database at the same time, the file can be damaged. ' +
    'Move the database to a local disk, or use it on one machine only.'
  )
}

function unsafeKind(path: string, read: ReadFileSystem, platform: NodeJS.Platform): string | null {
  if (platform === 'win32') return /^[\\/]{2}([^\\/?.]|\?\\UNC\\)/i.test(path) ? 'a network share' : null
  if (platform !== 'linux') return null
  try {
    // The kernel's number has 32 bits, which a signed field may show as a negative one.
    return UNSAFE.get(read(dirname(path)) >>> 0) ?? null
  } catch {
    // It does not tell, as some that are made in user space: nothing is known against it.
    return null
  }
}
