/**
 * Thread of the addon that receives the engine's messages, signals and interval timers while Python computes.
 * JavaScript cannot answer during a computation, and a worker costs memory and start-up. Used by `interpreter/`.
 */

import { getSystemErrorName } from 'node:util'
import { binary, binaryProblem } from './binary.ts'

/** IntervalTimer in control_thread.h. */
const INTERVAL_TIMERS = ['real', 'virtual', 'prof'] as const
export type IntervalTimer = (typeof INTERVAL_TIMERS)[number]

/** SignalAction in control_thread.h. `raise`: into the mailbox. */
const SIGNAL_ACTIONS = ['system', 'ignore', 'raise'] as const
export type SignalAction = (typeof SIGNAL_ACTIONS)[number]

/** Exports of addon.cc. Returned numbers are error numbers, or 0. */
interface Addon {
  startControlThread(descriptor: number, mailbox: Uint8Array, notify: () => void): number
  setThresholds(residentMebibytes: number, openFiles: number): void
  limitOpenFiles(count: number): number
  setRunningToken(token: Int32Array): void
  setSignalAction(signum: number, action: number): number
  setIntervalTimer(timer: number, delayUs: number, intervalUs: number): number
}

const addon = binary as Addon | null

export const controlThreadProblem: string | null = binaryProblem

/**
 * Starts the thread on a control descriptor. `notify` is called in a later tick of the event loop when a signal is in
 * the mailbox. The process then ends when the other end closes. Returns the name of an error, or ''.
 */
export function startControlThread(descriptor: number, mailbox: Uint8Array, notify: () => void): string {
  return nameOf(addon?.startControlThread(descriptor, mailbox, notify))
}

/** Sets the usage from which the engine is notified once a second. Before this it is not notified. */
export function setThresholds(residentMebibytes: number, openFiles: number): void {
  addon?.setThresholds(residentMebibytes, openFiles)
}

/** Limits the open files of the process, unless it has a lower limit. Returns the name of an error, or ''. */
export function limitOpenFiles(count: number): string {
  return nameOf(addon?.limitOpenFiles(count))
}

/** Sets the place of the running stack's number: memory that must not move without another call. */
export function setRunningToken(token: Int32Array): void {
  addon?.setRunningToken(token)
}

/** Sets what a signal to the process does. Returns the name of an error, or ''. */
export function setSignalAction(signum: number, action: SignalAction): string {
  return nameOf(addon?.setSignalAction(signum, SIGNAL_ACTIONS.indexOf(action)))
}

/** Raises the timer's signal after a delay, then at each interval unless it is 0. A delay of 0 stops it. */
export function setIntervalTimer(timer: IntervalTimer, delayUs: number, intervalUs: number): string {
  return nameOf(addon?.setIntervalTimer(INTERVAL_TIMERS.indexOf(timer), delayUs, intervalUs))
}

function nameOf(error: number | undefined): string {
  if (error === undefined) return 'ENOSYS'
  return error === 0 ? '' : getSystemErrorName(-error)
}
