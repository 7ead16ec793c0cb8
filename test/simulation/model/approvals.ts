/**
 * Invariants of approvals, from the manual: an approval is open exactly while its wait is open, and ends once: with one
 * answer, at its deadline, or when its node ends in another way.
 */

import type { RowChange, RowValues } from '../recorder.ts'
import { numberOrNull, textOrNull } from './executions.ts'
import type { Report } from './violation.ts'
import type { WaitModel } from './waits.ts'

export interface ModelApproval {
  readonly id: string
  readonly executionId: string
  readonly node: string
  readonly expiresAt: number | null
  state: string
  answer: string | null
}

export class ApprovalModel {
  readonly #waits: WaitModel
  readonly #report: Report
  readonly byId = new Map<string, ModelApproval>()
  readonly #changedNow = new Set<ModelApproval>()

  constructor(waits: WaitModel, report: Report) {
    this.#waits = waits
    this.#report = report
  }

  /** Returns the approvals of an execution, the oldest first. */
  of(executionId: string): readonly ModelApproval[] {
    return [...this.byId.values()].filter((each) => each.executionId === executionId)
  }

  apply({ table, before, after }: RowChange): void {
    if (table !== 'approvals' || after === null) return
    if (before === null) this.#added(after)
    else this.#changed(after)
  }

  /** Checks the commit. Call it before the model of waits forgets the ended waits. */
  committed(): void {
    for (const approval of this.#changedNow) this.#check(approval)
    this.#changedNow.clear()
    for (const { approvalId } of this.#waits.openedNow) this.#checkOpened(approvalId)
    for (const { approvalId, outcome } of this.#waits.endedNow) this.#checkEnded(approvalId, outcome)
    for (const { approvalId } of this.#waits.removedNow.values()) this.#checkRemoved(approvalId)
  }

  #added(row: RowValues): void {
    const approval: ModelApproval = {
      id: String(row.id),
      executionId: String(row.execution_id),
      node: String(row.node),
      expiresAt: numberOrNull(row.expires_at),
      state: String(row.state),
      answer: textOrNull(row.answer),
    }
    this.byId.set(approval.id, approval)
    this.#changedNow.add(approval)
  }

  #changed(row: RowValues): void {
    const approval = this.byId.get(String(row.id))
    if (approval === undefined) return
    const [state, answer] = [String(row.state), textOrNull(row.answer)]
    if (approval.state !== 'open' && (state !== approval.state || answer !== approval.answer))
      this.#report('approvals-end-once', `approval ${approval.id} was ${approval.state} and became ${state}`)
    approval.state = state
    approval.answer = answer
    this.#changedNow.add(approval)
  }

  #check({ id, executionId, node, state, answer }: ModelApproval): void {
    const open = [...this.#waits.all].some((wait) => wait.approvalId === id && wait.outcome === null)
    if ((state === 'open') !== open)
      this.#report('approvals-are-open-waits', `approval ${id} of node ${node} of ${executionId} is ${state}`)
    if ((state === 'answered') !== (answer !== null))
      this.#report('approvals-have-one-answer', `approval ${id} is ${state} with the answer ${answer}`)
  }

  #checkOpened(approvalId: string | null): void {
    if (approvalId !== null && !this.byId.has(approvalId))
      this.#report('approvals-are-open-waits', `a wait opened for the missing approval ${approvalId}`)
  }

  #checkRemoved(approvalId: string | null): void {
    if (this.byId.get(approvalId ?? '')?.state === 'open')
      this.#report('approvals-are-open-waits', `the wait of approval ${approvalId} was removed, and it is open`)
  }

  #checkEnded(approvalId: string | null, outcome: string | null): void {
    if (approvalId === null) return
    const state = this.byId.get(approvalId)?.state
    const expected = outcome === 'answered' ? 'answered' : 'expired'
    if (state !== expected)
      this.#report('approvals-are-open-waits', `the wait of approval ${approvalId} ended as ${outcome}, it is ${state}`)
  }
}
