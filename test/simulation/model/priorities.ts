/** Invariants of priorities, from the manual: an execution has the priority of its request, trigger or origin. */

import type { Program } from '../program.ts'
import type { RowChange, RowValues } from '../recorder.ts'
import { type ExecutionModel, numberOrNull } from './executions.ts'
import type { Report } from './violation.ts'

const BATCH_PRIORITY = -10

export class PriorityModel {
  readonly #program: Program
  readonly #executions: ExecutionModel
  readonly #report: Report
  readonly #requested = new Map<number, number | undefined>()
  #addedNow: RowValues[] = []

  constructor(program: Program, executions: ExecutionModel, report: Report) {
    this.#program = program
    this.#executions = executions
    this.#report = report
    for (const step of program.steps) {
      if ('request' in step && (step.request.kind === 'submit' || step.request.kind === 'execute'))
        this.#requested.set(step.request.n, step.request.priority)
    }
  }

  apply({ table, before, after }: RowChange): void {
    if (table !== 'executions' || after === null) return
    if (before === null) this.#addedNow.push(after)
    if (after.ended_at === null) this.#checkRank(before, after)
  }

  committed(): void {
    for (const row of this.#addedNow) {
      const expected = this.#expected(row)
      if (expected !== null && expected !== Number(row.priority))
        this.#report('priorities-are-inherited', `execution ${row.id} has ${row.priority}, its origin ${expected}`)
    }
    this.#addedNow = []
  }

  /** Checks the rank of executions: that of new ones, or the one before it from the first acquisition on. */
  #checkRank(before: RowValues | null, { id, rank, priority, owner_seq }: RowValues): void {
    const isAcquired = numberOrNull(owner_seq) !== null
    const wasAcquired = numberOrNull(before?.owner_seq) !== null || Number(before?.rank) === -2 * Number(priority) - 1
    const expected = -2 * Number(priority) - (isAcquired || wasAcquired ? 1 : 0)
    if (Number(rank) !== expected && before !== null)
      this.#report('begun-executions-precede-new-ones', `execution ${id} has rank ${rank}, expected is ${expected}`)
  }

  #expected({ id, workflow, origin, origin_source }: RowValues): number | null {
    const execution = this.#executions.byId.get(String(id))
    const declared = this.#program.workflows.find(({ key }) => key === workflow)?.priority ?? 0
    if (execution === undefined) return null
    if (execution.retryOf !== null) return this.#executions.byId.get(execution.retryOf)?.priority ?? null
    if (origin === 'backfill' || origin === 'refire') return BATCH_PRIORITY
    if (origin === 'trigger')
      return this.#program.triggers.find(({ name }) => name === origin_source)?.priority ?? declared
    const { request, child } = JSON.parse(execution.input) as { readonly request?: number; readonly child?: string }
    if (child !== undefined) return this.#executions.byId.get(child.split(' ')[0] ?? '')?.priority ?? null
    if (request !== undefined) return this.#requested.get(request) ?? declared
    return declared
  }
}
