/**
 * Warns of file systems on which machines must not share the log of SQLite: all processes must map its index, and its
 * locks must reach all of them. Linux has a number for each kind of file system, Windows a form of path. Other systems
 * do not show it here, so there is no warning.
 */

import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'

/** Numbers from `linux/magic.h` and the headers of drivers. */
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

/** Returns the number of the file system of a path. May throw as `statfs` does. */
export type ReadFileSystem = (path: string) => number

export function readFileSystem(path: string): number {
  return statfsSync(path).type
}

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
    // The kernel's number has 32 bits, which a signed field may show as negative.
    return UNSAFE.get(read(dirname(path)) >>> 0) ?? null
  } catch {
    // Some file systems in user space fail.
    return null
  }
}
