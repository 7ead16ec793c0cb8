/**
 * Invariants of child executions, from the manual: a key starts one child in a chain, until a retry forgets it. The
 * task gets the result of this child after its end, and a parked task continues when the child has ended.
 */

import type { EndedChild } from '../../../src/engine/ports.ts'
import type { RowChange, RowValues } from '../recorder.ts'
import type { ExecutionModel } from './executions.ts'
import type { Report } from './violation.ts'
import { shown, type WaitModel } from './waits.ts'

interface ModelKey {
  /** Ids of the executions that were started with the key. */
  readonly started: string[]
  /** Number of times that a retry, or the removal of the chain, has forgotten the child. */
  forgotten: number
}

export class ChildModel {
  readonly #executions: ExecutionModel
  readonly #waits: WaitModel
  readonly #report: Report
  /** By chain and task. A task has one key. */
  readonly #keys = new Map<string, ModelKey>()

  constructor(executions: ExecutionModel, waits: WaitModel, report: Report) {
    this.#executions = executions
    this.#waits = waits
    this.#report = report
  }

  apply({ table, before, after }: RowChange): void {
    if (table === 'child_executions' && after === null && before !== null) this.#keyOf(before).forgotten += 1
    else if (table === 'execution_inputs' && before === null && after !== null) this.#inputAdded(after)
  }

  /** Checks the commit. Call it before the model of waits forgets the ended waits. */
  committed(): void {
    for (const wait of this.#waits.endedNow) {
      if (wait.kind === 'child' && this.#isOpen(wait.key))
        this.#report('parents-wait-for-children', `${shown(wait)} ended before child ${wait.key}`)
    }
    for (const wait of this.#waits.all) {
      if (wait.kind === 'child' && wait.outcome === null && !this.#isOpen(wait.key))
        this.#report('no-end-of-a-child-is-lost', `${shown(wait)} is open, and child ${wait.key} has ended`)
    }
  }

  /** Checks the result that a task gets for its key. */
  resultReturned(key: string, { id, status }: EndedChild): void {
    const child = this.#executions.byId.get(id)
    if (!this.#keys.get(key)?.started.includes(id))
      this.#report('tasks-get-their-children', `the task ${key} got the result of execution ${id}`)
    if (child !== undefined && (!child.isEnded || child.status !== status))
      this.#report('tasks-get-their-children', `child ${id} was returned as ${status}, the store has ${child.status}`)
  }

  #isOpen(childId: string | null): boolean {
    return this.#executions.byId.get(childId ?? '')?.isEnded === false
  }

  #inputAdded(row: RowValues): void {
    const execution = this.#executions.bySeq.get(Number(row.execution_seq))
    const { child } = JSON.parse(String(row.context)) as { readonly child?: string }
    if (execution === undefined || child === undefined || execution.retryOf !== null) return
    const key = this.#keyNamed(child)
    key.started.push(execution.id)
    if (key.started.length > key.forgotten + 1)
      this.#report('children-start-once', `the task ${child} started the children ${key.started.join(', ')}`)
  }

  #keyOf(row: RowValues): ModelKey {
    return this.#keyNamed(`${row.chain_id} ${row.task_id}`)
  }

  #keyNamed(name: string): ModelKey {
    const key = this.#keys.get(name) ?? { started: [], forgotten: 0 }
    this.#keys.set(name, key)
    return key
  }
}
