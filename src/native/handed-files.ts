/**
 * What child processes are handed, as far as Node cannot do it: pipes and sockets of the system, and the offsets of open files. Where the
 * addon's binary is missing, `mkfifo` makes a file of which the ends are opened, which takes some milliseconds, and offsets stay
 * as they are. Used by the interpreter.
 */

import { execFileSync } from 'node:child_process'
import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { constants as system, tmpdir } from 'node:os'
import { join } from 'node:path'
import { getSystemErrorName } from 'node:util'
import { binary } from './binary.ts'

/** The descriptors of the process: where it is read, and where it is written. No child inherits them by itself. */
export type PipeEnds = readonly [reader: number, writer: number]

/** What addon.cc exports for them: an error number, or 0, and the ends; an offset, or a negative error number. */
interface Addon {
  openPipe(): readonly [error: number, reader: number, writer: number]
  openSocketPair(): readonly [error: number, one: number, other: number]
  moveOffset(descriptor: number, offset: number, whence: number): number
  accessMode(descriptor: number): number
  makeNamedPipe(path: string, mode: number): number
}

const addon = binary as Addon | null

/** Throws with the code of an error number. */
export function openSystemPipe(): PipeEnds {
  if (addon === null) return openNamedPipe()
  const [error, reader, writer] = addon.openPipe()
  if (error === 0) return [reader, writer]
  const code = getSystemErrorName(-error)
  throw Object.assign(new Error(`cannot create a pipe: ${code}`), { code })
}

/** Two connected sockets. Throws with the code of an error number, ENOSYS where there is no addon. */
export function openSocketPair(): readonly [number, number] {
  const [error, one, other] = addon?.openSocketPair() ?? [system.errno.ENOSYS, -1, -1]
  if (error === 0) return [one, other]
  const code = getSystemErrorName(-error)
  throw Object.assign(new Error(`cannot create a pair of sockets: ${code}`), { code })
}

/** Throws with the code of an error number. */
export function makeNamedPipe(path: string, mode: number): void {
  if (addon === null) {
    if (existsSync(path)) throw Object.assign(new Error(`"${path}" already exists`), { code: 'EEXIST' })
    execFileSync('mkfifo', ['-m', mode.toString(8), path], { stdio: 'ignore' })
    return
  }
  const error = addon.makeNamedPipe(path, mode)
  if (error !== 0) {
    const code = getSystemErrorName(-error)
    throw Object.assign(new Error(`cannot create "${path}": ${code}`), { code })
  }
}

/** O_RDONLY, O_WRONLY or O_RDWR of an open file; the last where it is not known. */
export function accessModeOf(descriptor: number): number {
  const mode = addon?.accessMode(descriptor) ?? constants.O_RDWR
  return mode < 0 ? constants.O_RDWR : mode
}

/** Whether the offset of an open file can be known and moved. */
export const canMoveOffsets: boolean = addon !== null

const SEEK_SET = 0
const SEEK_CUR = 1

/** Where in a file the next read or write of whoever shares this descriptor will be; 0 where there is no such place. */
export function offsetOf(descriptor: number): number {
  return Math.max(0, addon?.moveOffset(descriptor, 0, SEEK_CUR) ?? 0)
}

export function setOffset(descriptor: number, offset: number): void {
  addon?.moveOffset(descriptor, offset, SEEK_SET)
}

function openNamedPipe(): PipeEnds {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-pipe-'))
  try {
    const path = join(folder, 'pipe')
    execFileSync('mkfifo', ['-m', '600', path])
    // Opening one end alone waits for the other.
    const both = openSync(path, constants.O_RDWR)
    const ends = [openSync(path, constants.O_RDONLY), openSync(path, constants.O_WRONLY)] as const
    closeSync(both)
    return ends
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
