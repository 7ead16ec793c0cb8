/**
 * Locks on open files by the addon: `flock`, and record locks of `fcntl`. No call waits. Used for the scripts' `fcntl`,
 * and for `os.fsync` where Node's permission model refuses it (seen in 26).
 */

import { getSystemErrorName } from 'node:util'
import { binary, binaryProblem } from './binary.ts'

/** RecordLock in file_locks.h. */
const RECORD_LOCKS = ['shared', 'exclusive', 'none'] as const
export type RecordLock = (typeof RECORD_LOCKS)[number]

/** `length` 0 is up to the end of the file, however far that moves. */
export interface ByteRange {
  readonly start: number
  readonly length: number
}

/** Obstacle to a record lock. `holder` is the number of a process. */
export interface Obstacle extends ByteRange {
  readonly lock: RecordLock
  readonly holder: number
}

type ObstacleAnswer = readonly [error: number, lock: number, start: number, length: number, holder: number]

/** Exports of addon.cc for locks. Returned numbers are error numbers, or 0. */
interface Addon {
  lockFile(descriptor: number, operation: number): number
  lockRecords(descriptor: number, lock: number, start: number, length: number): number
  testRecords(descriptor: number, lock: number, start: number, length: number): ObstacleAnswer
  syncFile(descriptor: number): number
}

const addon = binary as Addon | null

export const fileLocksProblem: string | null = binaryProblem

/** Takes or releases a lock as `flock(2)`. Returns the name of an error, or ''; EAGAIN: another has it. */
export function lockFile(descriptor: number, operation: number): string {
  return nameOf(addon?.lockFile(descriptor, operation))
}

/** Takes or releases a lock on some bytes. Returns the name of an error, or ''; EAGAIN: another has it. */
export function lockRecord(descriptor: number, lock: RecordLock, { start, length }: ByteRange): string {
  return nameOf(addon?.lockRecords(descriptor, RECORD_LOCKS.indexOf(lock), start, length))
}

/** Returns the obstacle to the lock, `none` if there is none; or the name of an error. */
export function testRecordLock(descriptor: number, lock: RecordLock, { start, length }: ByteRange): Obstacle | string {
  const answer = addon?.testRecords(descriptor, RECORD_LOCKS.indexOf(lock), start, length)
  if (answer === undefined || answer[0] !== 0) return nameOf(answer?.[0])
  return { lock: RECORD_LOCKS[answer[1]] ?? 'none', start: answer[2], length: answer[3], holder: answer[4] }
}

/** Waits until written data is on the disk. Returns the name of an error, or ''. */
export function syncFile(descriptor: number): string {
  return nameOf(addon?.syncFile(descriptor))
}

function nameOf(error: number | undefined): string {
  if (error === undefined) return 'ENOSYS'
  return error === 0 ? '' : getSystemErrorName(-error)
}
