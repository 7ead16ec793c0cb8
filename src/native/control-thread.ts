/**
 * The thread of an interpreter's process that never computes: it hears the engine, the signals of the process and its interval
 * timers while Python does. It is the addon's, since JavaScript has no thread that could answer in the middle of a
 * computation, and a worker costs memory and start-up. Used by `interpreter/`.
 */

import { getSystemErrorName } from 'node:util'
import { binary, binaryProblem } from './binary.ts'

/** IntervalTimer in control_thread.h. */
export const INTERVAL_TIMERS = ['real', 'virtual', 'prof'] as const
export type IntervalTimer = (typeof INTERVAL_TIMERS)[number]

/** SignalAction in control_thread.h. `raise`: into the mailbox. */
export const SIGNAL_ACTIONS = ['system', 'ignore', 'raise'] as const
export type SignalAction = (typeof SIGNAL_ACTIONS)[number]

/** What addon.cc exports for it; the numbers that it returns are error numbers, or 0. */
interface Addon {
  startControlThread(descriptor: number, mailbox: Uint8Array, notify: () => void): number
  setThresholds(residentMebibytes: number, openFiles: number): void
  limitOpenFiles(count: number): number
  setRunningToken(token: Int32Array): void
  setSignalAction(signum: number, action: number): number
  setIntervalTimer(timer: number, delayUs: number, intervalUs: number): number
}

const addon = binary as Addon | null

/** Why there can be no such thread, in one line; null when there can. */
export const controlThreadProblem: string | null = binaryProblem

/**
 * Starts it on a control descriptor. `notify` is called in a later tick of the event loop when a signal is in the mailbox. From then on the
 * process ends when the other end of the descriptor is closed. Returns the name of an error, or nothing.
 */
export function startControlThread(descriptor: number, mailbox: Uint8Array, notify: () => void): string {
  return nameOf(addon?.startControlThread(descriptor, mailbox, notify))
}

/** From where on the engine hears, once a second, how much of it the process uses. Before this it hears nothing. */
export function setThresholds(residentMebibytes: number, openFiles: number): void {
  addon?.setThresholds(residentMebibytes, openFiles)
}

/** How many files the process may have open from now on, unless it may have fewer. Returns the name of an error, or nothing. */
export function limitOpenFiles(count: number): string {
  return nameOf(addon?.limitOpenFiles(count))
}

/** Names the place where the number of the stack that runs stands: memory that must not move without another call. */
export function setRunningToken(token: Int32Array): void {
  addon?.setRunningToken(token)
}

/** Says what a signal that the process gets does. Returns the name of an error, or nothing. */
export function setSignalAction(signum: number, action: SignalAction): string {
  return nameOf(addon?.setSignalAction(signum, SIGNAL_ACTIONS.indexOf(action)))
}

/** Raises the timer's signal after a delay and then at each interval, unless that is 0. A delay of 0 stops it. */
export function setIntervalTimer(timer: IntervalTimer, delayUs: number, intervalUs: number): string {
  return nameOf(addon?.setIntervalTimer(INTERVAL_TIMERS.indexOf(timer), delayUs, intervalUs))
}

function nameOf(error: number | undefined): string {
  if (error === undefined) return 'ENOSYS'
  return error === 0 ? '' : getSystemErrorName(-error)
}
