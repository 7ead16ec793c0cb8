/**
 * Locks on open files: `flock` on the whole file, and the record locks of `fcntl`. Node has neither, so they are the addon's.
 * No call waits. Used by the interpreter for the scripts' `fcntl`; and for `os.fsync` where Node refuses it, as its permission model does
 * (seen in 26).
 */

import { getSystemErrorName } from 'node:util'
import { binary, binaryProblem } from './binary.ts'

/** RecordLock in file_locks.h. */
export const RECORD_LOCKS = ['shared', 'exclusive', 'none'] as const
export type RecordLock = (typeof RECORD_LOCKS)[number]

/** `length` 0 is up to the end of the file, however far that moves. */
export interface ByteRange {
  readonly start: number
  readonly length: number
}

/** What keeps a record lock from being taken: `holder` is the number of a process. */
export interface Obstacle extends ByteRange {
  readonly lock: RecordLock
  readonly holder: number
}

type ObstacleAnswer = readonly [error: number, lock: number, start: number, length: number, holder: number]

/** What addon.cc exports for locks; the numbers that it returns are error numbers, or 0. */
interface Addon {
  lockFile(descriptor: number, operation: number): number
  lockRecords(descriptor: number, lock: number, start: number, length: number): number
  testRecords(descriptor: number, lock: number, start: number, length: number): ObstacleAnswer
  syncFile(descriptor: number): number
}

const addon = binary as Addon | null

/** Why no file can be locked, in one line; null when they can be. */
export const fileLocksProblem: string | null = binaryProblem

/** Takes or gives up a lock as `flock(2)` does. Returns the name of an error, or nothing; EAGAIN: another has it. */
export function lockFile(descriptor: number, operation: number): string {
  return nameOf(addon?.lockFile(descriptor, operation))
}

/** Takes a lock on some bytes, or gives it up. Returns the name of an error, or nothing; EAGAIN: another has it. */
export function lockRecords(descriptor: number, lock: RecordLock, { start, length }: ByteRange): string {
  return nameOf(addon?.lockRecords(descriptor, RECORD_LOCKS.indexOf(lock), start, length))
}

/** What keeps the lock from being taken, `none` when nothing does; or the name of an error. */
export function testRecords(descriptor: number, lock: RecordLock, { start, length }: ByteRange): Obstacle | string {
  const answer = addon?.testRecords(descriptor, RECORD_LOCKS.indexOf(lock), start, length)
  if (answer === undefined || answer[0] !== 0) return nameOf(answer?.[0])
  return { lock: RECORD_LOCKS[answer[1]] ?? 'none', start: answer[2], length: answer[3], holder: answer[4] }
}

/** Returns the name of an error, or nothing when what was written is on the disk. */
export function syncFile(descriptor: number): string {
  return nameOf(addon?.syncFile(descriptor))
}

function nameOf(error: number | undefined): string {
  if (error === undefined) return 'ENOSYS'
  return error === 0 ? '' : getSystemErrorName(-error)
}
