/**
 * Writes the logs of attempts. Pieces of one attempt that arrive within 200 ms are one write, so that a task with many
 * lines does not cost a commit for each. The step that stores the end of an attempt writes its log first, and so does a
 * step that reads logs.
 *
 * States of a piece, and the transitions:
 *   gathered -> being written   the 200 ms of its attempt are over, the attempt ends, or a step reads logs
 *   being written -> stored     the step is committed
 *   being written -> refused    the database refused the step: the next write of the attempt contains the piece
 */

import type { Clock, Timer } from '../engine/clock-port.ts'
import type { AttemptRef } from '../engine/log-ports.ts'
import type { LogPiece } from '../model/logs/log-record.ts'
import { LogPieces, LogWindow } from '../model/logs/log-window.ts'
import { type LogChange, type StoredPiece, writeLogs } from './steps/history/log-steps.ts'
import type { RunStep, Session, Step, StepNeed } from './store-session.ts'

const WRITE_EVERY_MS = 200
const RETRY_MS = 1_000
/** Maximum number of attempts. Threads of an attempt that has ended may still write to its log. */
const MAX_LOGS = 1_000

interface Log {
  readonly attempt: AttemptRef
  readonly gathered: LogPieces
  readonly kept: LogWindow<StoredPiece>
  refused: readonly LogChange[]
  timer: Timer | undefined
  /** Monotonic time before which the log is not written, unless a step needs it. */
  nextAt: number
}

export class LogWriter {
  readonly #clock: Clock
  readonly #run: RunStep
  /** Logs by attempt, the newest last. */
  readonly #logs = new Map<string, Log>()
  readonly #waiting = new Map<string, Set<Log>>()
  #isClosed = false

  constructor(clock: Clock, run: RunStep) {
    this.#clock = clock
    this.#run = run
  }

  append(attempt: AttemptRef, piece: LogPiece, limitBytes: number): void {
    if (this.#isClosed) return
    const log = this.#logOf(attempt, limitBytes)
    log.gathered.add(piece)
    if (log.timer === undefined) this.#wait(log, Math.max(0, log.nextAt - this.#clock.monotonic()))
  }

  /** Runs a step that reads, after the logs of the execution that are not written yet. */
  read<Result>(executionId: string, body: (session: Session) => Step<Result>): Promise<Result> {
    return this.stepAfter(this.#waiting.has(executionId) ? 'write' : 'read', executionId, null, body)
  }

  isWaiting(executionId: string, tasks: ReadonlySet<string> | null): boolean {
    return this.#waitingOf(executionId, tasks).length > 0
  }

  /** Runs a step that first writes the logs of an execution: all of them, or those of the given tasks. */
  stepAfter<Result>(
    need: StepNeed,
    executionId: string,
    tasks: ReadonlySet<string> | null,
    body: (session: Session) => Step<Result>,
  ): Promise<Result> {
    const logs = this.#waitingOf(executionId, tasks)
    return logs.length === 0 ? this.#run(need, body) : this.#write(need, logs, body)
  }

  /** Ignores later pieces, and writes the others in a step of this tick of the event loop. */
  close(): Promise<void> {
    this.#isClosed = true
    const waiting = [...this.#waiting.values()].flatMap((logs) => [...logs])
    return this.#write('write', waiting, function* () {})
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
      timer: undefined,
      nextAt: this.#clock.monotonic() + WRITE_EVERY_MS,
    }
    this.#logs.set(key, log)
    if (this.#logs.size > MAX_LOGS) this.#forgetOldest()
    return log
  }

  /** Forgets the oldest log that has nothing to write. As a rule its attempt has ended long ago. */
  #forgetOldest(): void {
    for (const [key, log] of this.#logs) {
      if (log.timer !== undefined) continue
      this.#logs.delete(key)
      return
    }
  }

  #waitingOf(executionId: string, tasks: ReadonlySet<string> | null): readonly Log[] {
    const waiting = [...(this.#waiting.get(executionId) ?? [])]
    return tasks === null ? waiting : waiting.filter(({ attempt }) => tasks.has(attempt.taskId))
  }

  #wait(log: Log, forMs: number): void {
    const { executionId } = log.attempt
    log.timer?.cancel()
    log.nextAt = this.#clock.monotonic() + forMs
    log.timer = this.#clock.wakeAfter(forMs, () => {
      // Ignored: a refused write is repeated, and `close` reports the last failure
      this.#write('write', this.#dueWith(log), function* () {}).catch(() => undefined)
    })
    const others = this.#waiting.get(executionId)
    if (others === undefined) this.#waiting.set(executionId, new Set([log]))
    else others.add(log)
  }

  /** Returns all logs that may be written now, as one step. */
  #dueWith(log: Log): readonly Log[] {
    const now = this.#clock.monotonic()
    return [...this.#waiting.values()].flatMap((logs) => [...logs].filter((each) => each === log || each.nextAt <= now))
  }

  #take(log: Log): readonly LogChange[] {
    const { executionId } = log.attempt
    const others = this.#waiting.get(executionId)
    others?.delete(log)
    if (others?.size === 0) this.#waiting.delete(executionId)
    log.timer?.cancel()
    log.timer = undefined
    log.nextAt = this.#clock.monotonic() + WRITE_EVERY_MS
    const { refused } = log
    log.refused = []
    return [...refused, changeOf(log)]
  }

  async #write<Result>(
    need: StepNeed,
    logs: readonly Log[],
    body: (session: Session) => Step<Result>,
  ): Promise<Result> {
    const taken = logs.map((log) => ({ log, changes: this.#take(log) }))
    const all = taken.flatMap(({ changes }) => changes)
    try {
      const result = await this.#run(need, function* (session) {
        yield* writeLogs(session, all)
        return yield* body(session)
      })
      for (const { added } of all) for (const piece of added) piece.text = ''
      return result
    } catch (error) {
      for (const { log, changes } of taken) {
        log.refused = [...changes, ...log.refused]
        if (!this.#isClosed) this.#wait(log, RETRY_MS)
      }
      throw error
    }
  }
}

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
