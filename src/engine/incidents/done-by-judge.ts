/**
 * Judges workflows that must be done by a time of day: at that time, an execution that was created since the same time
 * of the day before must have completed. Each engine that declares the workflow judges it, and the store accepts one
 * judgement of a day. After downtime, only the last day is judged. The first engine that sees a declaration judges no
 * earlier day.
 */

import { toError } from '../../errors.ts'
import type { DailyTime, WorkflowDefinition } from '../../model/workflow.ts'
import { Reconciler } from '../backoff/reconciler.ts'
import { assertZone } from '../cron/expressions.ts'
import type { EnginePorts } from '../engine-options.ts'
import { type DailyDue, lastDailyDue } from './daily-times.ts'
import { FailureReports } from './failure-reports.ts'

/** Time after a due time in which other engines store the last ends before it. */
const STORED_WITHIN_MS = 5_000
/** Time in which the first engine that sees a declaration marks the last day as judged. */
const MARKED_WITHIN_MS = 5_000
/** Period of the marks of seen declarations. Two periods are shorter than the time for which the store keeps them. */
const MARK_EVERY_MS = 10 * 86_400_000
const PAGE_SIZE = 100

interface Declared {
  readonly workflow: string
  readonly doneBy: DailyTime
  readonly key: string
}

export class DoneByJudge {
  readonly #ports: EnginePorts
  readonly #reports: FailureReports
  readonly #passes: Reconciler
  #workflows: ReadonlyMap<string, WorkflowDefinition> | null = null
  #declared: readonly Declared[] = []
  /** Time of the next judgement, by the key of the declaration. A declaration that this engine sees first has none. */
  readonly #nextAt = new Map<string, number>()

  constructor(ports: EnginePorts) {
    this.#ports = ports
    this.#reports = new FailureReports(ports)
    this.#passes = new Reconciler(ports, 'judging whether workflows are done', () => this.#pass())
  }

  start(): void {
    void this.#passes.start()
  }

  stop(): void {
    void this.#passes.stop()
  }

  look(): void {
    if (this.#due().length > 0 && this.#passes.isIdle) void this.#passes.request()
  }

  #due(): readonly Declared[] {
    const { workflows } = this.#ports.registry.current()
    if (workflows !== this.#workflows) {
      this.#workflows = workflows
      this.#declared = [...workflows.values()].flatMap((workflow) => this.#declaredIn(workflow))
    }
    const now = this.#ports.clock.now()
    return this.#declared.filter(({ key }) => (this.#nextAt.get(key) ?? now) <= now)
  }

  #declaredIn({ key: workflow, doneBy }: WorkflowDefinition): readonly Declared[] {
    if (doneBy === undefined) return []
    try {
      assertZone(doneBy.timezone)
    } catch (thrown) {
      const during = `judging when workflow "${workflow}" must be done`
      this.#ports.events.emit('trouble', { during, error: toError(thrown), retryAt: null })
      return []
    }
    return [{ workflow, doneBy, key: `${workflow} done by ${doneBy.time} ${doneBy.timezone}` }]
  }

  async #pass(): Promise<void> {
    for (const declared of this.#due()) await this.#judge(declared)
  }

  async #judge(declared: Declared): Promise<void> {
    const { store, clock } = this.#ports
    const now = clock.now()
    const due = lastDailyDue(declared.doneBy, now - STORED_WITHIN_MS)
    const isKnown = await this.#mark(declared, due)
    if (!this.#nextAt.has(declared.key)) {
      if (!isKnown) await store.incidents.judge(`${declared.key} ${due.date}`, null, now)
      this.#nextAt.set(declared.key, now + MARKED_WITHIN_MS)
      return
    }
    const report = (await this.#isDone(declared, due)) ? null : this.#report(declared, due, now)
    await store.incidents.judge(`${declared.key} ${due.date}`, report, now)
    this.#nextAt.set(declared.key, due.nextAt + STORED_WITHIN_MS)
  }

  /** Marks the declaration as seen. Returns whether it was seen before. */
  async #mark({ key }: Declared, { at }: DailyDue): Promise<boolean> {
    const { incidents } = this.#ports.store
    const period = Math.floor(at / MARK_EVERY_MS)
    if (!(await incidents.judge(`${key} seen in ${period}`, null, at))) return true
    return !(await incidents.judge(`${key} seen in ${period - 1}`, null, at))
  }

  async #isDone({ workflow }: Declared, { previousAt, at }: DailyDue): Promise<boolean> {
    const filter = { workflow, status: 'Completed', sinceAt: previousAt, untilAt: at } as const
    for (let offset = 0; ; offset += PAGE_SIZE) {
      const executions = await this.#ports.store.listExecutions({ ...filter, limit: PAGE_SIZE, offset })
      if (executions.some(({ endedAt }) => endedAt !== null && endedAt <= at)) return true
      if (executions.length < PAGE_SIZE) return false
    }
  }

  #report({ workflow, doneBy }: Declared, { date }: DailyDue, at: number) {
    const { time, timezone } = doneBy
    const message =
      `Workflow "${workflow}" was not done by ${time} ${timezone} on ${date}: no execution that was created in the ` +
      `day before had completed.`
    return this.#reports.report({ kind: 'deadline-missed', subject: workflow, at, facts: { message, workflow } })
  }
}
