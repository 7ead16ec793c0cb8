/**
 * What reaches the interpreter while Python computes: the engine's control line, signals of the process, interval timers.
 * All of it ends up in the mailbox. Used by `session.ts`.
 */

import { constants } from 'node:os'
import type { Worker } from 'node:worker_threads'
import { CONTROL } from '../border/channel.ts'
import type { ResourceCeilings } from '../border/protocol.ts'
import {
  controlThreadProblem,
  type IntervalTimer,
  limitOpenFiles,
  setIntervalTimer,
  setSignalAction,
  setThresholds,
  startControlThread,
} from '../native/control-thread.ts'
import type { ControlOrder } from './control-worker.ts'
import type { SignalMailbox } from './signal-mailbox.ts'

const { SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGVTALRM, SIGPROF } = constants.signals
/** More than there can be of anything. */
const NEVER = 0xffff_ffff
/** Node hears by it how its children end: nobody else may take its action over. */
const SIGCHLD: number | undefined = constants.signals.SIGCHLD
/** Sent to whole groups of processes: by a terminal, by a service manager. The engine hears them too, and says what is to be done. */
const GROUP_SIGNALS: readonly number[] = [SIGINT, SIGTERM, SIGHUP]
const US_PER_MS = 1_000
const TIMER_SIGNALS: Readonly<Record<IntervalTimer, number>> = { real: SIGALRM, virtual: SIGVTALRM, prof: SIGPROF }

export interface ProcessControl {
  /** The process is an interpreter from now on: it takes signals, and keeps to its ceilings. */
  begin(options: ControlOptions): void
  /** Whether Python acts on a signal that the process gets, or it is as if there were no Python. */
  watchSignal(signum: number, isWatched: boolean): void
  setTimer(timer: IntervalTimer, delayMs: number, intervalMs: number): void
}

export interface ControlOptions {
  /** The process stands for one program, so that what is sent to it is for the script, as under python; else a group signal is for the engine alone. */
  readonly isProgram: boolean
  readonly ceilings: ResourceCeilings
}

/**
 * Begins to listen: from now on the process ends with the engine. `signalled` is called in a later tick of the event loop when a signal is in
 * the mailbox. Throws where there can be no control thread.
 */
export function openProcessControl(mailbox: SignalMailbox, signalled: () => void): ProcessControl {
  if (controlThreadProblem !== null) return new WorkerControl(mailbox, signalled)
  const error = startControlThread(CONTROL, new Uint8Array(mailbox.buffer), signalled)
  if (error === 'ENOSYS') return new WorkerControl(mailbox, signalled) // Windows
  if (error !== '') throw new Error(`the control thread did not start: ${error}`)
  return new ThreadControl(() => {
    if (SIGCHLD !== undefined) mailbox.raise(SIGCHLD)
    signalled()
  })
}

class ThreadControl implements ProcessControl {
  readonly #childEnded: () => void
  #isProgram = false

  constructor(childEnded: () => void) {
    this.#childEnded = childEnded
  }

  begin({ isProgram, ceilings: { openFiles, reportFrom } }: ControlOptions): void {
    this.#isProgram = isProgram
    for (const signum of GROUP_SIGNALS) this.watchSignal(signum, false)
    if (openFiles !== null) limitOpenFiles(openFiles)
    setThresholds(reportFrom?.residentMebibytes ?? NEVER, reportFrom?.openFiles ?? NEVER)
  }

  watchSignal(signum: number, isWatched: boolean): void {
    if (signum === SIGCHLD) {
      process.off('SIGCHLD', this.#childEnded)
      if (isWatched) process.on('SIGCHLD', this.#childEnded)
      return
    }
    const isForGroups = GROUP_SIGNALS.includes(signum)
    const unwatched = !isForGroups ? 'system' : this.#isProgram ? 'raise' : 'ignore'
    setSignalAction(signum, isWatched ? 'raise' : unwatched)
  }

  setTimer(timer: IntervalTimer, delayMs: number, intervalMs: number): void {
    setIntervalTimer(timer, microseconds(delayMs), microseconds(intervalMs))
  }
}

/** A delay is never 0, which would stop the timer. */
function microseconds(ms: number): number {
  return ms <= 0 ? 0 : Math.max(1, Math.ceil(ms * US_PER_MS))
}

/** Without the addon: what needs the main thread waits until Python does. */
class WorkerControl implements ProcessControl {
  readonly #mailbox: SignalMailbox
  readonly #signalled: () => void
  readonly #listeners = new Map<number, readonly [NodeJS.Signals, () => void]>()
  readonly #worker: Worker

  constructor(mailbox: SignalMailbox, signalled: () => void) {
    this.#mailbox = mailbox
    this.#signalled = signalled
    const { Worker } = process.getBuiltinModule('node:worker_threads') // seldom needed, and 2 ms of each start
    const entry = import.meta.url.endsWith('.ts') ? './control-worker.ts' : './control-worker.js'
    this.#worker = new Worker(new URL(entry, import.meta.url), { workerData: mailbox.buffer })
    this.#worker.on('message', signalled)
    this.#worker.unref()
  }

  /** The number of open files stays as the system has it: only the addon could limit it. */
  begin({ ceilings: { reportFrom } }: ControlOptions): void {
    // What is sent to the whole group is for the engine.
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined)
    this.#order({ kind: 'ceilings', residentMebibytes: reportFrom?.residentMebibytes ?? NEVER })
  }

  watchSignal(signum: number, isWatched: boolean): void {
    const listener = this.#listeners.get(signum)
    if (listener !== undefined) process.off(...listener)
    this.#listeners.delete(signum)
    const [name] = Object.entries(constants.signals).find(([, number]) => number === signum) ?? []
    if (!isWatched || name === undefined || GROUP_SIGNALS.includes(signum)) return
    const heard = [name as NodeJS.Signals, () => this.#raise(signum)] as const
    process.on(...heard)
    this.#listeners.set(signum, heard)
  }

  setTimer(timer: IntervalTimer, delayMs: number, intervalMs: number): void {
    this.#order({ kind: 'timer', signum: TIMER_SIGNALS[timer], delayMs, intervalMs })
  }

  #order(order: ControlOrder): void {
    this.#worker.postMessage(order)
  }

  #raise(signum: number): void {
    this.#mailbox.raise(signum)
    this.#signalled()
  }
}
