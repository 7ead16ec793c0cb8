/**
 * Pipes, sockets and file offsets for child processes, as far as Node lacks them. Without the addon, `mkfifo` makes a
 * pipe in some milliseconds, and offsets stay unchanged. Used by the interpreter, and by `serve` for its output.
 */

import { execFileSync } from 'node:child_process'
import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { constants as system, tmpdir } from 'node:os'
import { join } from 'node:path'
import { getSystemErrorName } from 'node:util'
import { binary } from './binary.ts'

/** Descriptors for reading and writing. No child inherits them by default. */
export type PipeEnds = readonly [reader: number, writer: number]

/** Exports of addon.cc: an error number, or 0, and the ends; an offset, or a negative error number. */
interface Addon {
  openPipe(): readonly [error: number, reader: number, writer: number]
  openSocketPair(): readonly [error: number, one: number, other: number]
  moveOffset(descriptor: number, offset: number, whence: number): number
  accessMode(descriptor: number): number
  makeNamedPipe(path: string, mode: number): number
  replaceDescriptor(replaced: number, descriptor: number): number
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

/** Returns O_RDONLY, O_WRONLY or O_RDWR of an open file; the last one if unknown. */
export function getAccessMode(descriptor: number): number {
  const mode = addon?.accessMode(descriptor) ?? constants.O_RDWR
  return mode < 0 ? constants.O_RDWR : mode
}

export const canReplaceDescriptors: boolean = addon !== null && process.platform !== 'win32'

/** Makes `replaced` another number of an open file. Children inherit standard streams. Throws with a code. */
export function replaceDescriptor(replaced: number, descriptor: number): void {
  const error = addon?.replaceDescriptor(replaced, descriptor) ?? system.errno.ENOSYS
  if (error === 0) return
  const code = getSystemErrorName(-error)
  throw Object.assign(new Error(`cannot replace descriptor ${replaced}: ${code}`), { code })
}

export const canMoveOffsets: boolean = addon !== null

const SEEK_SET = 0
const SEEK_CUR = 1

/** Returns the offset of the next read or write of a shared descriptor; 0 if there is none. */
export function getOffset(descriptor: number): number {
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
