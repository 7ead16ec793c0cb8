/**
 * Invariants of waits of nodes, from the manual: a node waits exactly while it has a row, the wait ends once, and the
 * node ends as the end of its wait says. An execution in which only waits are open has no owner, and is available as
 * soon as one of them has ended.
 */

import type { Program, ProgramTask } from '../program.ts'
import type { RowChange, RowValues } from '../recorder.ts'
import {
  type ExecutionModel,
  inputOf,
  isEqualJson,
  type ModelExecution,
  numberOrNull,
  textOrNull,
} from './executions.ts'
import { expectedEnd, expectedKey, FINAL } from './nodes.ts'
import type { Report } from './violation.ts'

export interface ModelWait {
  readonly execution: ModelExecution
  readonly taskId: string
  readonly kind: string
  readonly openedAt: number
  readonly deadlineAt: number | null
  readonly signal: string | null
  /** Key of the signal, or id of the child. */
  readonly key: string | null
  readonly approvalId: string | null
  /** Limit for whose slot a task waits, with the text of both. */
  readonly limit: { readonly name: string; readonly value: string } | null
  readonly limitKey: string | null
  /** Place in the line for the slot. */
  readonly line: { readonly rank: number; readonly at: number } | null
  /** Simulated time at which it opened. */
  readonly openedMs: number
  outcome: string | null
  endedAt: number | null
  payload: string | null
}

/** Time in which an engine that nothing has disturbed gives back an execution that only waits. */
const RELEASED_WITHIN_MS = 10_000
/** Maximum lateness of an end on an engine that is not overloaded, apart from the time of the answers of the store. */
const LATE_BY_MS = 50
const ANSWERS_UNTIL_END = 4

export interface WaitPorts {
  readonly program: Program
  readonly executions: ExecutionModel
  readonly report: Report
  /** Returns whether the engine with a number, if it is running, was disturbed by a fault. */
  readonly isTroubled: (instanceSeq: number) => boolean
}

export class WaitModel {
  readonly #ports: WaitPorts
  readonly #hasFaults: boolean
  readonly #waits = new Map<string, ModelWait>()
  readonly #byExecution = new Map<ModelExecution, Set<ModelWait>>()
  /** Waits that the current commit has removed. */
  readonly removedNow = new Map<string, ModelWait>()
  /** Executions whose rows the current commit has changed. */
  readonly #touched = new Set<ModelExecution>()
  /** Executions with an owner in which only waits are open, with the simulated time of the first such commit. */
  readonly #idle = new Map<ModelExecution, { readonly ownerSeq: number; readonly since: number }>()
  /** Waits that the current commit has opened. */
  readonly openedNow = new Set<ModelWait>()
  /** Waits that the current commit has ended. */
  readonly endedNow = new Set<ModelWait>()
  #endedNodes: (() => void)[] = []

  constructor(ports: WaitPorts) {
    this.#ports = ports
    this.#hasFaults = ports.program.steps.some((step) => 'fault' in step)
  }

  /** Open waits, and those that have ended although their nodes have not. */
  get all(): Iterable<ModelWait> {
    return this.#waits.values()
  }

  of(execution: ModelExecution): readonly ModelWait[] {
    return [...(this.#byExecution.get(execution) ?? [])]
  }

  apply({ table, before, after }: RowChange, now: number): void {
    const row = after ?? before
    if (table === 'waits') {
      if (after === null) this.#removed(before)
      else if (before === null) this.#opened(after, now)
      else this.#changed(after, now)
    } else if (table === 'task_runs') this.#taskChanged(before, after)
    else if (table === 'executions') this.#touch(this.#ports.executions.byId.get(String(row?.id)))
  }

  /** Checks the invariants after the last change of a transaction. */
  committed(now: number): void {
    for (const check of this.#endedNodes) check()
    this.#endedNodes = []
    for (const execution of this.#touched) this.#check(execution, now)
    this.#touched.clear()
    this.removedNow.clear()
    this.openedNow.clear()
    this.endedNow.clear()
    for (const [execution, { ownerSeq, since }] of this.#idle) {
      if (now - since < RELEASED_WITHIN_MS || this.#ports.isTroubled(ownerSeq)) continue
      this.#report(
        'waiting-executions-are-released',
        `execution ${execution.id} only waits, and engine ${ownerSeq} has owned it for ${Math.round(now - since)} ms`,
      )
    }
  }

  #report(invariant: string, message: string): void {
    this.#ports.report(invariant, message)
  }

  #touch(execution: ModelExecution | undefined): void {
    if (execution !== undefined) this.#touched.add(execution)
  }

  #opened(row: RowValues, now: number): void {
    const execution = this.#ports.executions.bySeq.get(Number(row.execution_seq))
    if (execution === undefined) return
    const wait: ModelWait = {
      execution,
      taskId: String(row.task_id),
      kind: String(row.kind),
      openedAt: Number(row.opened_at),
      deadlineAt: numberOrNull(row.deadline_at),
      signal: textOrNull(row.signal),
      key: textOrNull(row.wait_key),
      approvalId: textOrNull(row.approval_id),
      ...placeOf(row),
      openedMs: now,
      outcome: textOrNull(row.outcome),
      endedAt: numberOrNull(row.ended_at),
      payload: textOrNull(row.payload),
    }
    this.#waits.set(keyOf(row), wait)
    this.#byExecution.set(execution, (this.#byExecution.get(execution) ?? new Set()).add(wait))
    this.openedNow.add(wait)
    this.#touch(execution)
    this.#checkOpened(wait)
  }

  /** Checks that the wait is as declared: its deadline, and the key of its signal. */
  #checkOpened(wait: ModelWait): void {
    const { execution, taskId, kind, openedAt, deadlineAt, key } = wait
    if (kind === 'child') return
    if (kind === 'limit') {
      this.#checkPlace(wait)
      return
    }
    const nodes = this.#nodes(execution, taskId)
    const isDeclared = nodes.some(({ after, wait: declared }) => {
      if (declared === undefined) return false
      const ms = declared.kind !== 'delay' ? declared.timeoutMs : declared.end.kind === 'after' ? declared.end.ms : null
      if ((ms === null ? null : openedAt + ms) !== deadlineAt) return false
      return declared.kind !== 'signal' || expectedKey(declared.key, inputOf(execution, after)) === key
    })
    if (isDeclared) return
    this.#report(
      'waits-open-as-declared',
      `${shown(wait)} opened with key ${key} for ${(deadlineAt ?? Number.NaN) - openedAt} ms`,
    )
  }

  /** Checks that the task has the rank of its execution. */
  #checkPlace(wait: ModelWait): void {
    const { execution, line } = wait
    const begun = -2 * execution.priority - 1
    if (line?.rank === begun || line?.rank === begun + 1) return
    this.#report('waits-open-as-declared', `${shown(wait)} has the rank ${line?.rank}, expected is ${begun}`)
  }

  #changed(row: RowValues, now: number): void {
    const wait = this.#waits.get(keyOf(row))
    if (wait === undefined) return
    this.#touch(wait.execution)
    const outcome = textOrNull(row.outcome)
    if (wait.outcome !== null) {
      if (outcome !== wait.outcome || textOrNull(row.payload) !== wait.payload)
        this.#report('waits-end-once', `${shown(wait)} ended as ${wait.outcome}, and then as ${outcome}`)
      return
    }
    if (outcome === null) return
    wait.outcome = outcome
    wait.endedAt = numberOrNull(row.ended_at)
    wait.payload = textOrNull(row.payload)
    this.endedNow.add(wait)
    if (outcome === 'elapsed') this.#checkTime(wait, now)
  }

  #checkTime(wait: ModelWait, now: number): void {
    const { deadlineAt, openedAt, openedMs, endedAt } = wait
    if (deadlineAt === null || endedAt === null || endedAt < deadlineAt) {
      this.#report('waits-last-until-their-end', `${shown(wait)} ended at ${endedAt}, its deadline is ${deadlineAt}`)
      return
    }
    if (this.#hasFaults) return
    const lateMs = now - openedMs - (deadlineAt - openedAt)
    if (lateMs > LATE_BY_MS + ANSWERS_UNTIL_END * this.#ports.program.answerWithinMs)
      this.#report('waits-end-in-time', `${shown(wait)} ended ${Math.round(lateMs)} ms late`)
  }

  #removed(row: RowValues | null): void {
    const wait = row === null ? undefined : this.#waits.get(keyOf(row))
    if (row === null || wait === undefined) return
    this.#waits.delete(keyOf(row))
    this.#byExecution.get(wait.execution)?.delete(wait)
    this.removedNow.set(keyOf(row), wait)
    this.#touch(wait.execution)
  }

  #taskChanged(before: RowValues | null, after: RowValues | null): void {
    if (after === null) return
    const execution = this.#ports.executions.bySeq.get(Number(after.execution_seq))
    this.#touch(execution)
    if (execution === undefined || before?.status !== 'Waiting' || after.status === 'Waiting') return
    // The row of the wait may be removed later in the commit.
    this.#endedNodes.push(() => this.#nodeEnded(execution, after))
  }

  #nodeEnded(execution: ModelExecution, row: RowValues): void {
    const taskId = String(row.task_id)
    const status = String(row.status)
    const wait = this.removedNow.get(keyOf(row))
    const nodes = this.#nodes(execution, taskId)
    const isContinued = status === 'Ready' || status === 'Running'
    if (wait?.kind === 'child' && isContinued && wait.outcome === 'child') return
    if (wait?.kind === 'limit' && isContinued) return
    const isChanged = nodes.some(({ later }) => later !== undefined)
    if (status === 'Cancelled' || (isChanged && status !== 'Completed')) return
    const isExpected = nodes.some((node) => isEndOf(execution, node, wait, status))
    if (isExpected) return
    const ended = wait === undefined ? 'and has no wait' : `its wait ended as ${wait.outcome} with ${wait.payload}`
    this.#report('nodes-end-as-their-waits', `node ${taskId} of ${execution.id} became ${status}, ${ended}`)
  }

  #nodes(execution: ModelExecution, taskId: string): readonly ProgramTask[] {
    return this.#ports.executions.versions(execution).flatMap((tasks) => tasks.find(({ id }) => id === taskId) ?? [])
  }

  #check(execution: ModelExecution, now: number): void {
    const waits = this.of(execution)
    const nodes = [...execution.tasks].flatMap(([id, { status }]) => (status === 'Waiting' ? id : []))
    const rows = waits.map(({ taskId }) => taskId)
    if (execution.isEnded ? rows.length > 0 : nodes.sort().join() !== rows.sort().join())
      this.#report(
        'waiting-nodes-have-waits',
        `execution ${execution.id} (${execution.status}): nodes ${nodes.join()} wait, the rows are of ${rows.join()}`,
      )
    const { ownerSeq, waitsFor } = execution
    const ended = waits.find(({ outcome }) => outcome !== null)
    if (!execution.isEnded && ownerSeq === null && waitsFor === '' && (ended !== undefined || waits.length === 0))
      this.#report('ended-waits-continue', `execution ${execution.id} waits, and its wait ${ended?.taskId} has ended`)
    if (execution.isEnded || ownerSeq === null || !this.#hasOnlyWaits(execution, waits)) this.#idle.delete(execution)
    else if (this.#idle.get(execution)?.ownerSeq !== ownerSeq) this.#idle.set(execution, { ownerSeq, since: now })
  }

  /** Returns whether no task of the execution can run in any version of the code. */
  #hasOnlyWaits(execution: ModelExecution, waits: readonly ModelWait[]): boolean {
    if (waits.length === 0 || waits.some(({ outcome }) => outcome !== null)) return false
    const isFinal = (id: string): boolean => FINAL.has(execution.tasks.get(id)?.status ?? 'missing')
    return this.#ports.executions.versions(execution).every((tasks) =>
      [...execution.tasks].every(([id, { status }]) => {
        if (isFinal(id) || status === 'Waiting') return true
        const task = tasks.find((each) => each.id === id)
        return status === 'NotStarted' && task?.after.some((each) => execution.tasks.has(each) && !isFinal(each))
      }),
    )
  }
}

function isEndOf(execution: ModelExecution, node: ProgramTask, wait: ModelWait | undefined, status: string): boolean {
  if (node.wait === undefined || wait?.outcome == null) return false
  const expected = expectedEnd(node.wait, { outcome: wait.outcome, payload: wait.payload })
  if (expected.status !== status) return false
  if (status !== 'Completed') return true
  const input = JSON.parse(inputOf(execution, node.after)) as object
  const output = 'value' in expected ? { ...input, [node.id]: expected.value } : input
  return isEqualJson(execution.tasks.get(node.id)?.output ?? '{}', JSON.stringify(output))
}

function placeOf(row: RowValues): Pick<ModelWait, 'limit' | 'limitKey' | 'line'> {
  const name = textOrNull(row.limit_name)
  if (name === null) return { limit: null, limitKey: null, line: null }
  const value = String(row.limit_value)
  const line = { rank: Number(row.line_rank), at: Number(row.line_at) }
  return { limit: { name, value }, limitKey: `${name} ${value}`, line }
}

function keyOf(row: RowValues): string {
  return `${row.execution_seq} ${row.task_id}`
}

export function shown({ execution, taskId }: Pick<ModelWait, 'execution' | 'taskId'>): string {
  return `the wait of node ${taskId} of execution ${execution.id}`
}
