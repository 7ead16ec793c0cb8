/**
 * Writes the logs of attempts: what comes in within 200 ms is one write for each attempt, so that a chatty task costs no
 * commit a line, and what an attempt has logged before its end is in the step that stores its end. The store appends here
 * and runs through it the steps that must see what was appended.
 *
 * States of what is appended, and the moves:
 *   gathered -> being written   its attempt's 200 ms are over, the attempt ends, or somebody reads
 *   being written -> stored     the step is committed
 *   being written -> refused    the database refused: it goes into the attempt's next write
 */

import type { AttemptRef, Clock, Timer } from '../engine/ports.ts'
import type { LogPiece } from '../model/log.ts'
import { LogPieces, LogWindow } from '../model/log-window.ts'
import type { RunStep, Session, Step, StepNeed } from './session.ts'
import { type LogChange, type StoredPiece, writeLogs } from './steps/history/logs.ts'

/** At most five times a second. */
const WRITE_EVERY_MS = 200
/** After a refusal. */
const RETRY_MS = 1_000
/** Attempts that have ended may still be written to, by threads that they left behind. */
const MOST_REMEMBERED = 1_000

interface Log {
  readonly attempt: AttemptRef
  readonly gathered: LogPieces
  readonly kept: LogWindow<StoredPiece>
  refused: readonly LogChange[]
  /** Whether it has something to write. */
  isWaiting: boolean
  /** When it may be written; monotonic. */
  nextAt: number
}

export class LogWriter {
  readonly #clock: Clock
  readonly #run: RunStep
  /** By attempt, the newest last. */
  readonly #logs = new Map<string, Log>()
  /** Those with something to write, by execution. */
  readonly #waiting = new Map<string, Set<Log>>()
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #isClosed = false

  constructor(clock: Clock, run: RunStep) {
    this.#clock = clock
    this.#run = run
  }

  append(attempt: AttemptRef, piece: LogPiece, limitBytes: number): void {
    if (this.#isClosed) return
    const log = this.#logOf(attempt, limitBytes)
    log.gathered.add(piece)
    if (!log.isWaiting) this.#wait(log, log.nextAt)
  }

  /** Runs a step that reads, after the logs of the execution that are not written yet. */
  read<Result>(executionId: string, body: (session: Session) => Step<Result>): Promise<Result> {
    return this.stepAfter(this.#waiting.has(executionId) ? 'write' : 'read', executionId, null, body)
  }

  /** Whether there is anything that `stepAfter` would write first. */
  isWaiting(executionId: string, tasks: ReadonlySet<string> | null): boolean {
    return this.#waitingOf(executionId, tasks).length > 0
  }

  /** Writes first, in the same step, what an execution has logged: all of it, or that of these tasks. */
  stepAfter<Result>(
    need: StepNeed,
    executionId: string,
    tasks: ReadonlySet<string> | null,
    body: (session: Session) => Step<Result>,
  ): Promise<Result> {
    const logs = this.#waitingOf(executionId, tasks)
    return logs.length === 0 ? this.#run(need, body) : this.#write(need, logs, body)
  }

  /** Takes no more, and writes the rest in a step of this tick of the event loop. */
  close(): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
    return this.#write('write', this.#allWaiting(), function* () {})
  }

  #logOf(attempt: AttemptRef, limitBytes: number): Log {
    const key = `${attempt.executionId} ${attempt.attempt} ${attempt.taskId}`
    const known = this.#logs.get(key)
    if (known !== undefined) return known
    const log: Log = {
      attempt,
      gathered: new LogPieces(limitBytes),
      kept: new LogWindow(limitBytes),
      refused: [],
      isWaiting: false,
      nextAt: this.#clock.monotonic() + WRITE_EVERY_MS,
    }
    this.#logs.set(key, log)
    if (this.#logs.size > MOST_REMEMBERED) this.#forgetOldest()
    return log
  }

  /** The oldest of those that have nothing to write: as a rule its attempt has ended long ago. */
  #forgetOldest(): void {
    for (const [key, log] of this.#logs) {
      if (log.isWaiting) continue
      this.#logs.delete(key)
      return
    }
  }

  #waitingOf(executionId: string, tasks: ReadonlySet<string> | null): readonly Log[] {
    const waiting = this.#waiting.get(executionId)
    if (waiting === undefined) return []
    return tasks === null ? [...waiting] : [...waiting].filter(({ attempt }) => tasks.has(attempt.taskId))
  }

  #allWaiting(): readonly Log[] {
    return [...this.#waiting.values()].flatMap((logs) => [...logs])
  }

  #wait(log: Log, at: number): void {
    const { executionId } = log.attempt
    log.isWaiting = true
    log.nextAt = at
    const others = this.#waiting.get(executionId)
    if (others === undefined) this.#waiting.set(executionId, new Set([log]))
    else others.add(log)
    this.#arm(at)
  }

  #take(log: Log): readonly LogChange[] {
    const { executionId } = log.attempt
    const others = this.#waiting.get(executionId)
    others?.delete(log)
    if (others?.size === 0) this.#waiting.delete(executionId)
    log.isWaiting = false
    log.nextAt = this.#clock.monotonic() + WRITE_EVERY_MS
    const { refused } = log
    log.refused = []
    return [...refused, changeOf(log)]
  }

  #arm(at: number): void {
    if (at >= this.#timerAt || this.#isClosed) return
    this.#timer?.cancel()
    this.#timerAt = at
    this.#timer = this.#clock.wakeAfter(Math.max(0, at - this.#clock.monotonic()), () => this.#writeDue())
  }

  #writeDue(): void {
    this.#timerAt = Number.POSITIVE_INFINITY
    const now = this.#clock.monotonic()
    const waiting = this.#allWaiting()
    const due = waiting.filter((log) => log.nextAt <= now)
    // Nobody waits for the answer: what is refused is tried again, and `close` reports the last failure.
    if (due.length > 0) this.#write('write', due, function* () {}).catch(() => undefined)
    for (const log of waiting) if (log.isWaiting) this.#arm(log.nextAt)
  }

  async #write<Result>(
    need: StepNeed,
    logs: readonly Log[],
    body: (session: Session) => Step<Result>,
  ): Promise<Result> {
    const changes = logs.flatMap((log) => this.#take(log))
    try {
      const result = await this.#run(need, function* (session) {
        yield* writeLogs(session, changes)
        return yield* body(session)
      })
      for (const { added } of changes) for (const piece of added) piece.text = ''
      return result
    } catch (error) {
      for (const log of logs) {
        log.refused = [...changes.filter(({ attempt }) => attempt === log.attempt), ...log.refused]
        this.#wait(log, this.#clock.monotonic() + RETRY_MS)
      }
      throw error
    }
  }
}

/** Moves what was gathered to what is kept. */
function changeOf({ attempt, gathered, kept }: Log): LogChange {
  const added: StoredPiece[] = []
  const dropped: StoredPiece[] = []
  const before = kept.afterCut
  for (const piece of gathered.take()) {
    const stored = { ...piece, number: null, isDropped: false }
    added.push(stored)
    dropped.push(...kept.add(stored))
  }
  for (const piece of dropped) {
    piece.isDropped = true
    piece.text = ''
  }
  const after = kept.afterCut
  return { attempt, added, dropped, afterCut: after === before ? null : (after ?? null) }
}
