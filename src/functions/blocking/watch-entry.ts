/**
 * Thread that watches the engine's thread. If that blocks, it is paused briefly, as by a debugger, to find the code. If
 * it stays blocked, this thread reports it on stderr. A script that computes beyond its load limit is stopped for good;
 * `watched-loads.ts` decides which.
 */

import { writeSync } from 'node:fs'
import { Session } from 'node:inspector'
import { parentPort, workerData } from 'node:worker_threads'
import { SystemClock } from '../../engine/system-clock.ts'
import {
  BEAT_EVERY_MS,
  BLOCKED_AFTER_MS,
  type BlockedFrame,
  type BlockedSample,
  type FromWatch,
  type ToWatch,
  type WatchData,
} from './watch-messages.ts'
import { canBeStopped, WatchedLoads } from './watched-loads.ts'

const STUCK_AFTER_MS = 5_000
const STDERR = 2

const { beats } = workerData as WatchData
// Its timers keep this thread running. The thread does not keep the process alive.
const clock = new SystemClock()
let lastBeat = -1
let beatAt = 0
let lookedAt = 0
let blocked: BlockedSample | null = null
let hasSaidStuck = false
/** The thread was asked to pause for an overdue load, and has not paused yet. */
let isPausing = false
const loads = new WatchedLoads(clock)

const send = (message: FromWatch): void => parentPort?.postMessage(message)

function look(): void {
  clock.wakeAfter(BEAT_EVERY_MS, look)
  const now = clock.monotonic()
  const wasHeldUp = now - lookedAt > BLOCKED_AFTER_MS / 2
  lookedAt = now
  const beat = Atomics.load(beats, 0)
  // This thread stood still as well, because the machine slept or the process was stopped.
  if (beat !== lastBeat || wasHeldUp || Atomics.load(beats, 1) === 1) {
    if (blocked !== null && blocked.frames.length > 0) send({ type: 'blocked', ...blocked })
    ;[lastBeat, beatAt, blocked, hasSaidStuck] = [beat, now, null, false]
    return
  }
  if (now - beatAt <= BLOCKED_AFTER_MS) return
  if (blocked === null) {
    blocked = { frames: [], at: now }
    sample((frames) => {
      blocked = { frames, at: clock.monotonic() }
      return false
    })
  }
  if (!isPausing && loads.needLook()) {
    isPausing = true
    sample(stopsLoad)
  }
  if (hasSaidStuck || now - beatAt <= STUCK_AFTER_MS) return
  hasSaidStuck = true
  sample((found) => {
    if (loads.of(found) === null) saySo(found, clock.monotonic() - beatAt)
    return false
  })
}

/** Returns whether to stop the thread: it runs a script whose load is overdue. */
function stopsLoad(found: readonly BlockedFrame[]): boolean {
  isPausing = false
  const load = loads.overdueOf(found)
  if (load === null) return false
  if (!canBeStopped(found)) {
    if (!hasSaidStuck) saySo(found, clock.monotonic() - beatAt)
    hasSaidStuck = true
    return false
  }
  blocked = { frames: [], at: clock.monotonic() }
  send({ type: 'stopped', ...load })
  return true
}

function saySo([frame]: readonly BlockedFrame[], forMs: number): void {
  if (frame === undefined) return
  const where = `${frame.name} (${frame.url}:${frame.line})`
  writeSync(
    STDERR,
    `cloaca: ${where} has blocked the event loop for ${Math.round(forMs / 1_000)} s; no poll or task runs, and ` +
      `Ctrl-C has no effect. To end the process: kill -9 ${process.pid}. Move long computations to a file that runs ` +
      `in a worker (export const isolation = 'worker').\n`,
  )
}

/** Pauses the engine's thread and passes its frames, innermost first. If `use` returns true, the thread is stopped. */
function sample(use: (frames: readonly BlockedFrame[]) => boolean): void {
  const session = new Session()
  session.connectToMainThread()
  const urls = new Map<string, string>()
  session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url))
  session.on('Debugger.paused', ({ params }) => {
    // Until the debugger resumes the thread, nothing begins or ends in it.
    const found = params.callFrames.map(({ functionName, location }) => ({
      name: functionName || 'a function',
      url: urls.get(location.scriptId) ?? '',
      line: location.lineNumber + 1,
    }))
    session.post('Debugger.resume', { terminateOnResume: use(found) })
    session.post('Debugger.disable')
    session.disconnect()
  })
  session.post('Debugger.enable')
  session.post('Debugger.pause')
}

parentPort?.on('message', (message: ToWatch) => loads.received(message))
look()
