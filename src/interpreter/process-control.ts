/**
 * Receives the engine's control line, signals of the process and interval timers while Python computes, and puts them
 * into the mailbox. Used by `interpreter-session.ts`.
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
const NEVER = 0xffff_ffff
/** Node uses it to notice the end of its children, so its action must not change. */
const SIGCHLD: number | undefined = constants.signals.SIGCHLD
/** Signals that a terminal or service manager sends to groups. The engine receives them, too, and decides. */
const GROUP_SIGNALS: readonly number[] = [SIGINT, SIGTERM, SIGHUP]
const US_PER_MS = 1_000
const TIMER_SIGNALS: Readonly<Record<IntervalTimer, number>> = { real: SIGALRM, virtual: SIGVTALRM, prof: SIGPROF }

export interface ProcessControl {
  /** Makes the process an interpreter that takes signals and obeys its ceilings. */
  begin(options: ControlOptions): void
  /** Sets whether Python handles a signal of the process, or the default action applies. */
  watchSignal(signum: number, isWatched: boolean): void
  setTimer(timer: IntervalTimer, delayMs: number, intervalMs: number): void
}

interface ControlOptions {
  /** The process runs one program, which gets signals as under python. Else group signals are for the engine alone. */
  readonly isProgram: boolean
  readonly ceilings: ResourceCeilings
}

/**
 * Starts listening; from now on the process ends with the engine. `signalled` is called in a later tick of the event
 * loop when a signal is in the mailbox. Throws if there can be no control thread.
 */
export function openProcessControl(mailbox: SignalMailbox, signalled: () => void): ProcessControl {
  if (controlThreadProblem !== null) return new WorkerControl(mailbox, signalled)
  const error = startControlThread(CONTROL, new Uint8Array(mailbox.buffer), signalled)
  if (error === 'ENOSYS') return new WorkerControl(mailbox, signalled) // Windows
  // Uncoded: the reason why an interpreter does not start
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

/** Replaces the addon. Work of the main thread waits until Python waits. */
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

  /** Does not limit open files, which only the addon can. */
  begin({ ceilings: { reportFrom } }: ControlOptions): void {
    // Signals to the whole group are for the engine.
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
