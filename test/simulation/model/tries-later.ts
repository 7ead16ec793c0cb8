/**
 * Invariants of `TryLater`, from the manual: such an attempt is not one of those of the retries, and the next one does
 * not begin before the delay has passed. With a limit, the slots of its value are closed for that time.
 */

import type { TaskRequest, TriedLater } from '../../../src/engine/ports.ts'
import type { Program } from '../program.ts'
import type { RowChange } from '../recorder.ts'
import { type ExecutionModel, type ModelExecution, numberOrNull } from './executions.ts'
import { type LimitModel, valueIn } from './limits.ts'
import type { Report } from './violation.ts'

/** Result of an attempt that may not be stored yet. */
interface Pending {
  readonly delayMs: number
  /** Simulated time of the result. */
  readonly at: number
  readonly limit: string | null
  /** Value of `per` of that limit. */
  readonly value: string
}

export class TryLaterModel {
  readonly #program: Program
  readonly #executions: ExecutionModel
  readonly #limits: LimitModel
  readonly #report: Report
  readonly #mostTries: number
  readonly #pending = new Map<string, Pending>()
  /** Simulated times before which tasks must not begin. */
  readonly #notBefore = new Map<string, number>()
  /** Stored times before which tasks must not begin, on the clock of the engine of their last attempt. */
  readonly #storedTimes = new Map<string, { readonly execution: ModelExecution; readonly notBeforeAt: number | null }>()
  #checks: (() => void)[] = []

  constructor(
    program: Program,
    {
      executions,
      limits,
      report,
      mostTries,
    }: {
      readonly executions: ExecutionModel
      readonly limits: LimitModel
      readonly report: Report
      /** Maximum number of such attempts of a task. */
      readonly mostTries: number
    },
  ) {
    this.#program = program
    this.#executions = executions
    this.#limits = limits
    this.#report = report
    this.#mostTries = mostTries
  }

  apply({ table, before, after }: RowChange): void {
    if (table !== 'task_runs' || after === null || before === null) return
    const tries = Number(after.tries_later)
    if (tries <= Number(before.tries_later)) return
    const execution = this.#executions.bySeq.get(Number(after.execution_seq))
    const key = `${execution?.id} ${after.task_id}`
    const text = `task ${after.task_id} of ${execution?.id}`
    if (tries > this.#mostTries)
      this.#report('tries-later-are-limited', `${text} tried later ${tries} times, the maximum is ${this.#mostTries}`)
    if (Number(after.attempts) >= Number(before.attempts))
      this.#report('tries-later-do-not-count', `${text} has ${after.attempts} attempts, before: ${before.attempts}`)
    const pending = this.#pending.get(key)
    if (pending === undefined) {
      this.#report('tries-later-do-not-count', `${text} did not end with TryLater`)
      return
    }
    this.#notBefore.set(key, pending.at + pending.delayMs)
    if (execution !== undefined)
      this.#storedTimes.set(key, { execution, notBeforeAt: numberOrNull(after.not_before_at) })
    // The closing may follow in the commit.
    if (after.status === 'Ready') this.#checks.push(() => this.#checkClosed(pending, text))
  }

  committed(): void {
    for (const check of this.#checks) check()
    this.#checks = []
  }

  ended({ executionId, taskId, workflow, inputText }: TaskRequest, { delayMs, limit }: TriedLater, at: number): void {
    const task = this.#program.workflows.find(({ key }) => key === workflow)?.tasks.find(({ id }) => id === taskId)
    const isOwn = limit !== null && task?.limits?.includes(limit) === true
    const value = isOwn ? valueIn(inputText, this.#limits.values(limit).per) : 'null'
    this.#pending.set(`${executionId} ${taskId}`, { delayMs, at, limit: isOwn ? limit : null, value })
  }

  entered({ executionId, taskId }: TaskRequest, now: number, tolerance: number): void {
    const key = `${executionId} ${taskId}`
    const notBefore = this.#notBefore.get(key) ?? 0
    if (now + tolerance < notBefore)
      this.#report('tries-later-begin-later', `task ${key} began ${Math.round(notBefore - now)} ms too early`)
    this.#notBefore.delete(key)
    this.#storedTimes.delete(key)
    this.#pending.delete(key)
  }

  /** Returns the open executions with a task that must not begin before a stored time. */
  delayedUntilAfter(at: number): readonly ModelExecution[] {
    return [...this.#storedTimes.values()].flatMap(({ execution, notBeforeAt }) =>
      !execution.isEnded && (notBeforeAt ?? 0) > at ? execution : [],
    )
  }

  #checkClosed({ limit, value, at, delayMs }: Pending, text: string): void {
    if (limit === null) return
    const until = this.#limits.databaseTime(at + delayMs) - 2
    if (this.#limits.closedUntil(limit, value) < until)
      this.#report('tries-later-close-their-limit', `${text} did not close ${limit} ${value} for ${delayMs} ms`)
  }
}
