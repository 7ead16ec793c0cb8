/**
 * Worker that replaces the addon's control thread (`native/control_thread.cc`) if its binary is missing. It receives
 * messages of the engine during computations. Signals reach Python only while it waits, memory is the only ceiling, and
 * the stack at fault is not reported. Started by `process-control.ts`.
 */

import { Socket } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { CONTROL, CONTROL_NUMBER_BYTES, CONTROL_OPERATIONS, CONTROL_REPORTS } from '../border/channel.ts'
import { machineNowMs } from '../border/machine-clock.ts'
import { SignalMailbox } from './signal-mailbox.ts'

/** Time for cleaning up after attempts with limits are stopped. */
const END_AFTER_MS = 200
const RECORD_BYTES = 2 * CONTROL_NUMBER_BYTES

const mailbox = new SignalMailbox(workerData as SharedArrayBuffer)
const line = new Socket({ fd: CONTROL, readable: true, writable: true })
let rest = Buffer.alloc(0)

line.on('data', (chunk: Buffer) => {
  rest = Buffer.concat([rest, chunk])
  for (; rest.length >= RECORD_BYTES; rest = rest.subarray(RECORD_BYTES)) {
    carryOut(rest.readUInt32LE(0), rest.readUInt32LE(CONTROL_NUMBER_BYTES))
  }
})
line.on('error', end)
line.on('end', end)

export type ControlOrder =
  | { readonly kind: 'timer'; readonly signum: number; readonly delayMs: number; readonly intervalMs: number }
  | { readonly kind: 'ceilings'; readonly residentMebibytes: number }

type TimerOrder = Extract<ControlOrder, { readonly kind: 'timer' }>

const LOOK_AT_RESOURCES_EVERY_MS = 1_000
const BYTES_PER_MEBIBYTE = 1_048_576

let residentThreshold = Number.POSITIVE_INFINITY
let reportedMebibytes = 0
setInterval(() => {
  const mebibytes = Math.floor(process.memoryUsage.rss() / BYTES_PER_MEBIBYTE)
  if (mebibytes !== reportedMebibytes) report(CONTROL_REPORTS.memoryMebibytes, mebibytes)
  reportedMebibytes = mebibytes
  if (mebibytes >= residentThreshold) report(CONTROL_REPORTS.residentMebibytes, mebibytes)
}, LOOK_AT_RESOURCES_EVERY_MS)

const timers = new Map<number, NodeJS.Timeout>()

parentPort?.on('message', (order: ControlOrder) => {
  if (order.kind === 'timer') setTimer(order)
  else residentThreshold = order.residentMebibytes
})

/** Counts real time as computing time, because nothing can measure the latter. */
function setTimer({ signum, delayMs, intervalMs }: TimerOrder): void {
  clearTimeout(timers.get(signum))
  if (delayMs <= 0) return
  const fire = (): void => {
    raise(signum)
    if (intervalMs > 0) timers.set(signum, setTimeout(fire, intervalMs))
  }
  timers.set(signum, setTimeout(fire, delayMs))
}

function report(kind: number, value: number): void {
  const record = Buffer.alloc(RECORD_BYTES)
  record.writeUInt32LE(kind, 0)
  record.writeUInt32LE(value, CONTROL_NUMBER_BYTES)
  line.write(record)
}

/** Sets the bit before it notifies, so that the woken reader finds it. */
function raise(signum: number): void {
  mailbox.raise(signum)
  parentPort?.postMessage(null)
}

function carryOut(operation: number, argument: number): void {
  switch (operation) {
    case CONTROL_OPERATIONS.requestCheck:
      mailbox.requestCheck()
      return
    case CONTROL_OPERATIONS.raise:
      raise(argument)
      return
    case CONTROL_OPERATIONS.interrupt:
      report(CONTROL_REPORTS.misses, mailbox.interrupt(argument))
      return
    case CONTROL_OPERATIONS.endSlice:
      mailbox.endSlice()
      return
    case CONTROL_OPERATIONS.acknowledge:
      mailbox.acknowledge()
      return
    case CONTROL_OPERATIONS.runUntil:
      runUntil(argument)
      return
    case CONTROL_OPERATIONS.runFreely:
      runFreely()
      return
    default:
      return // an operation of a newer engine, which the hello has refused
  }
}

let runLimit: NodeJS.Timeout | undefined

/** `until`: machine time in milliseconds modulo 2^32. */
function runUntil(until: number): void {
  runFreely()
  const leftMs = (until - machineNowMs()) | 0 // the nearest time with this remainder
  runLimit = setTimeout(() => {
    mailbox.runIsOver(true)
    parentPort?.postMessage(null)
    runLimit = setTimeout(end, Math.max(0, leftMs + END_AFTER_MS - Math.max(0, leftMs)))
  }, leftMs)
}

function runFreely(): void {
  clearTimeout(runLimit)
  mailbox.runIsOver(false)
}

/** Kills the process when the engine is gone, because the main thread may be computing. */
function end(): void {
  process.kill(process.pid, 'SIGKILL')
}
