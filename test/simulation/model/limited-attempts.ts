/**
 * Invariants of the limits of tasks, from the manual: attempts that run never use more slots than the limit has, nor
 * begin more often than its rate, also if engines die or stand still. Nothing begins while a limit is closed. The first
 * task in a line gets the next slot, and a free slot is given to a waiting task.
 */

import type { TaskRequest } from '../../../src/engine/ports.ts'
import type { LimitValues } from '../../../src/model/limits/limits.ts'
import type { Program } from '../program.ts'
import type { RowChange, RowValues } from '../recorder.ts'
import type { PythonEntry } from '../scripted-python.ts'
import { type ExecutionModel, type ModelExecution, numberOrNull } from './executions.ts'
import { keyOf, type LimitModel, valueIn } from './limits.ts'
import type { Report } from './violation.ts'
import { type ModelWait, shown, type WaitModel } from './waits.ts'

/** Attempt that has begun, as stored. */
interface BegunAttempt {
  readonly name: string
  readonly value: string
  readonly executionSeq: number
  readonly taskId: string
  /** Time of the database. */
  readonly begunAt: number
  readonly begunMs: number
  /** Values of its limit when it began, which a later step of the same commit may change. */
  readonly maxActive: number | null
  readonly rate: LimitValues['rate']
  readonly closedUntil: number
  endedAt: number | null
}

/** Attempt that a simulated interpreter has entered. */
interface RunningAttempt {
  readonly entry: PythonEntry
  readonly shown: string
  readonly maxActive: number | null
}

export interface LimitPorts {
  readonly program: Program
  readonly executions: ExecutionModel
  readonly waits: WaitModel
  readonly limits: LimitModel
  readonly report: Report
  /** Returns whether an attempt really runs now: not for one second after its process was suspended. */
  readonly isRunning: (entry: PythonEntry) => boolean
  /** Returns whether an engine has been running since then that no fault has disturbed. */
  readonly hasHealthyEngine: (since: number) => boolean
}

interface Ports extends LimitPorts {
  /** Returns the number of slots that are kept for tasks with several limits. */
  readonly keptSlots: (key: string, now: number) => number
}

/** Time for which a slot is kept for the task to which it was offered, with a margin. */
const OFFERED_FOR_MS = 5_500
/** Age of an offer that nobody has taken, after which other workflows come first, with a margin. */
const PASSED_OVER_AFTER_MS = 4_990
/** Maximum time until an engine gives a slot that is free because time has passed. */
const GIVEN_WITHIN_MS = 3_000
/** Time after which PostgreSQL ends the transaction of a suspended process, which may have locked the limit. */
const IDLE_TRANSACTION_MS = 10_000
/** Difference between the time of the database at a begin, and the time of its commit. */
const COMMITTED_WITHIN_MS = 10_000

export class LimitedAttemptModel {
  readonly #ports: Ports
  /** Stored attempts, by key and ordinal. */
  readonly #stored = new Map<string, Map<number, BegunAttempt>>()
  /** Begun attempts, by key, also those that are not stored any more. */
  readonly #begun = new Map<string, BegunAttempt[]>()
  /** Newest begun attempts, by execution and task, and by limit. */
  readonly #newest = new Map<string, Map<string, BegunAttempt>>()
  readonly #running = new Map<string, Set<RunningAttempt>>()
  #begunNow: BegunAttempt[] = []
  /** Keys whose attempts the current commit has ended. */
  readonly #endedNow = new Set<string>()
  /** Simulated times since which slots are free although tasks wait, by key. */
  readonly #freeSince = new Map<string, number>()
  /** Simulated times of offers. */
  readonly #offeredAt = new Map<ModelWait, number>()

  constructor(ports: Ports) {
    this.#ports = ports
  }

  /** Number of stored attempts that have not ended. */
  get open(): number {
    let count = 0
    for (const attempts of this.#stored.values())
      for (const { endedAt } of attempts.values()) if (endedAt === null) count += 1
    return count
  }

  apply({ table, before, after }: RowChange, now: number): void {
    if (table === 'limit_attempts') this.#attemptChanged(before, after, now)
  }

  /** Checks the commit. Call it before the model of waits forgets the waits of the commit. */
  committed(now: number): void {
    for (const wait of this.#ports.waits.endedNow) {
      if (wait.kind === 'limit') this.#offered(wait, now)
    }
    for (const attempt of this.#begunNow) this.#checkBegun(attempt, now)
    this.#checkFree(now)
    this.#begunNow = []
    this.#endedNow.clear()
  }

  /** Checks the start of a task body, which needs a stored attempt for each limit of the task. */
  entered(request: TaskRequest, entry: PythonEntry): void {
    const { program, executions, limits, report } = this.#ports
    const { executionId, taskId, workflow, inputText } = request
    const task = program.workflows.find(({ key }) => key === workflow)?.tasks.find(({ id }) => id === taskId)
    const seq = executions.byId.get(executionId)?.seq ?? 0
    for (const name of task?.limits ?? []) {
      const value = valueIn(inputText, limits.values(name).per)
      const attempt = this.#newest.get(`${seq} ${taskId}`)?.get(name)
      if (attempt?.value !== value || attempt.endedAt !== null)
        report('limited-attempts-are-stored', `${entry.name} began without a slot of ${keyOf(name, value)}`)
      this.#addRunning(keyOf(name, value), { entry, shown: entry.name, maxActive: attempt?.maxActive ?? null })
    }
  }

  #addRunning(key: string, added: RunningAttempt): void {
    const all = this.#running.get(key) ?? new Set()
    this.#running.set(key, all.add(added))
    const running = this.#runningOf(key)
    // None is regarded as running if its process has only just resumed.
    const most = Math.max(0, ...running.map(({ maxActive }) => maxActive ?? Number.POSITIVE_INFINITY))
    if (running.length <= most) return
    const names = running.map((each) => each.shown).join(', ')
    this.#ports.report('limits-are-kept', `${running.length} attempts of ${key} run, the limit is ${most}: ${names}`)
  }

  /** Returns the attempts that really run, and forgets those that have ended. */
  #runningOf(key: string): readonly RunningAttempt[] {
    const all = this.#running.get(key) ?? new Set()
    for (const each of all) if (each.entry.endedAt !== null) all.delete(each)
    return [...all].filter(({ entry }) => this.#ports.isRunning(entry))
  }

  #attemptChanged(before: RowValues | null, after: RowValues | null, now: number): void {
    const row = after ?? before
    if (row === null) return
    const key = keyOf(String(row.limit_name), String(row.value))
    const stored = this.#stored.get(key) ?? new Map<number, BegunAttempt>()
    this.#stored.set(key, stored)
    const ordinal = Number(row.ordinal)
    const known = stored.get(ordinal)
    if (after === null) {
      stored.delete(ordinal)
      if (known?.endedAt === null) this.#ended(known, key, this.#ports.limits.databaseTime(now))
    } else if (known === undefined) this.#begin(after, key, stored, now)
    else if (known.endedAt === null) {
      const endedAt = numberOrNull(after.ended_at)
      if (endedAt !== null) this.#ended(known, key, endedAt)
      // Slots of lost engines have been free since the end of their leases.
      if (endedAt !== null && endedAt < this.#ports.limits.databaseTime(now) - 2) this.#endedNow.delete(key)
    }
  }

  #ended(attempt: BegunAttempt, key: string, endedAt: number): void {
    attempt.endedAt = endedAt
    this.#endedNow.add(key)
  }

  #begin(row: RowValues, key: string, stored: Map<number, BegunAttempt>, now: number): void {
    const { limits } = this.#ports
    const [name, value] = [String(row.limit_name), String(row.value)]
    const { maxActive, rate } = limits.values(name)
    const attempt: BegunAttempt = {
      ...{ name, value, maxActive, rate, closedUntil: limits.closedUntil(name, value) },
      executionSeq: Number(row.execution_seq),
      taskId: String(row.task_id),
      begunAt: Number(row.begun_at),
      begunMs: now,
      endedAt: numberOrNull(row.ended_at),
    }
    stored.set(Number(row.ordinal), attempt)
    this.#begunNow.push(attempt)
    const task = `${attempt.executionSeq} ${attempt.taskId}`
    this.#newest.set(task, (this.#newest.get(task) ?? new Map()).set(name, attempt))
    const begun = this.#begun.get(key) ?? []
    begun.push(attempt)
    this.#begun.set(key, begun)
  }

  #checkBegun(attempt: BegunAttempt, now: number): void {
    const { limits, executions, report } = this.#ports
    const { name, value, begunAt, taskId, maxActive, rate, closedUntil } = attempt
    const key = keyOf(name, value)
    const execution = executions.bySeq.get(attempt.executionSeq)
    const text = `task ${taskId} of ${execution?.id} began under ${key}`
    const lateMs = limits.databaseTime(now) - begunAt
    if (lateMs < -2 || lateMs > (this.#ports.program.store === 'sqlite' ? 2 : COMMITTED_WITHIN_MS))
      report('begins-have-the-time-of-the-database', `${text} at ${begunAt}, ${lateMs} ms before its commit`)
    const running = this.#runningOf(key)
    if (maxActive !== null && running.length >= maxActive)
      report('limits-are-kept', `${text} while ${running.map((each) => each.shown).join(', ')} run of ${maxActive}`)
    if (closedUntil > begunAt) report('closed-limits-rest', `${text}, which is closed`)
    if (rate !== null) this.#checkRate(attempt, rate, text)
    if (execution !== undefined) this.#checkOrder(attempt, execution, text, now)
  }

  #checkRate(attempt: BegunAttempt, rate: NonNullable<LimitValues['rate']>, text: string): void {
    const { limits, report } = this.#ports
    const { name, value, begunAt } = attempt
    const since = limits.byName.get(name)?.rateSince ?? 0
    const earlier = this.#inWindow(keyOf(name, value), begunAt, rate.windowMs).filter(
      (each) => each !== attempt && each.begunMs > since,
    )
    if (earlier.length >= rate.count)
      report('rates-are-kept', `${text} as number ${earlier.length + 1} of ${rate.count} within ${rate.windowMs} ms`)
  }

  #inWindow(key: string, at: number, windowMs: number): readonly BegunAttempt[] {
    return (this.#begun.get(key) ?? []).filter(({ begunAt }) => begunAt > at - windowMs && begunAt <= at)
  }

  /** Checks that a task without an offer does not overtake a waiting one. */
  #checkOrder(
    { name, value, taskId, executionSeq }: BegunAttempt,
    execution: ModelExecution,
    text: string,
    now: number,
  ): void {
    const { waits } = this.#ports
    const key = keyOf(name, value)
    const own = waits.removedNow.get(`${executionSeq} ${taskId}`)
    if (own?.outcome === 'free' && own.limitKey === key) return
    const rank = -2 * execution.priority - 1
    const overtaken = this.#waiting(key, now).find(
      ({ line }) => line !== null && (line.rank < rank || (line.rank === rank && line.at < execution.createdAtWall)),
    )
    if (overtaken !== undefined)
      this.#ports.report('waiting-tasks-come-first', `${text} before ${shown(overtaken)}, which waits longer`)
  }

  /** Returns the tasks in a line that have waited since before this commit. Slots pass over paused executions. */
  #waiting(key: string, now: number): readonly ModelWait[] {
    const { waits } = this.#ports
    return [...waits.all].filter((wait) => wait.limitKey === key && isInLine(wait, now) && !waits.openedNow.has(wait))
  }

  #offered(wait: ModelWait, now: number): void {
    this.#offeredAt.set(wait, now)
    const { line, limitKey } = wait
    // PostgreSQL passes over executions that other transactions have locked.
    if (this.#ports.program.store === 'postgres' || line === null || limitKey === null) return
    const untaken = this.#untakenWorkflows(limitKey, now)
    const first = this.#waiting(limitKey, now).find(
      (other) =>
        other.line !== null &&
        !untaken.has(other.execution.workflow) &&
        (other.line.rank < line.rank || (other.line.rank === line.rank && other.line.at < line.at)),
    )
    if (first !== undefined)
      this.#ports.report(
        'waiting-tasks-come-first',
        `a slot of ${limitKey} was offered to ${shown(wait)} before ${shown(first)}`,
      )
  }

  /** Returns workflows whose executions may be passed over, because no engine has taken an offer to one of them. */
  #untakenWorkflows(key: string, now: number): ReadonlySet<string> {
    const untaken = new Set<string>()
    for (const wait of this.#ports.waits.all) {
      const { execution, limitKey, outcome } = wait
      if (limitKey !== key || outcome !== 'free' || execution.ownerSeq !== null) continue
      if (now - (this.#offeredAt.get(wait) ?? now) > PASSED_OVER_AFTER_MS) untaken.add(execution.workflow)
    }
    return untaken
  }

  /** Checks that no slot stays free while a task waits for it. */
  #checkFree(now: number): void {
    const { waits, limits, program, report } = this.#ports
    const waiting = new Map<string, ModelWait>()
    for (const wait of waits.all) {
      if (wait.limitKey !== null && isInLine(wait, now)) waiting.set(wait.limitKey, wait)
    }
    for (const key of this.#freeSince.keys()) if (!waiting.has(key)) this.#freeSince.delete(key)
    for (const [key, wait] of waiting) {
      const { name, value } = wait.limit ?? { name: '', value: '' }
      if (this.#freeSlots(key, name, value, now) <= 0) {
        this.#freeSince.delete(key)
        continue
      }
      const since = this.#freeSince.get(key) ?? now
      this.#freeSince.set(key, since)
      const isCause = this.#endedNow.has(key) || limits.changedNow.has(name) || limits.changedNow.has(key)
      // Slots pass over workflows without an engine, too.
      const isAtOnce = isCause && program.store === 'sqlite' && this.#ports.hasHealthyEngine(now - GIVEN_WITHIN_MS)
      if (!isAtOnce && (now - since <= givenWithinMs(program) || !this.#ports.hasHealthyEngine(since))) continue
      report(
        'free-slots-are-given',
        `${shown(wait)} is open, and ${key} has a free slot for ${Math.round(now - since)} ms`,
      )
    }
  }

  /** Returns a number of slots that are certainly free. */
  #freeSlots(key: string, name: string, value: string, now: number): number {
    const { limits, waits, keptSlots } = this.#ports
    const at = limits.databaseTime(now)
    if (limits.isClosed(name, value, now)) return 0
    const { maxActive, rate } = limits.values(name)
    const stored = [...(this.#stored.get(key)?.values() ?? [])]
    const used = stored.filter(({ endedAt }) => endedAt === null || endedAt > at).length
    const slots = maxActive === null ? Number.POSITIVE_INFINITY : maxActive - used
    const places = rate === null ? Number.POSITIVE_INFINITY : rate.count - this.#inWindow(key, at, rate.windowMs).length
    const offered = [...waits.all].filter(
      (wait) =>
        wait.limitKey === key && wait.outcome === 'free' && now - (this.#offeredAt.get(wait) ?? 0) < OFFERED_FOR_MS,
    ).length
    return Math.min(slots, places) - offered - keptSlots(key, now)
  }
}

function givenWithinMs({ store, steps, answerWithinMs }: Program): number {
  const mayBeLocked = store === 'postgres' && steps.some((step) => 'fault' in step && step.fault.kind === 'suspend')
  return GIVEN_WITHIN_MS + 4 * answerWithinMs + (mayBeLocked ? IDLE_TRANSACTION_MS : 0)
}

function isInLine({ outcome, execution }: ModelWait, now: number): boolean {
  return outcome === null && !execution.isPaused && execution.resumedAt < now
}
