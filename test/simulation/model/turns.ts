/**
 * Invariants of the order of ready tasks in an engine, from the manual: those of higher priority begin first, and the
 * values of a limit take turns. Checked on SQLite without refused writes, where commits have the order of the begins.
 */

import type { Program, ProgramTask } from '../program.ts'
import type { RowChange, RowValues } from '../recorder.ts'
import { type ExecutionModel, inputOf, type ModelExecution } from './executions.ts'
import { type LimitModel, valueIn } from './limits.ts'
import { FINAL } from './nodes.ts'
import type { Report } from './violation.ts'

interface Task {
  readonly execution: ModelExecution
  readonly id: string
  readonly position: number
}

/** Begin of an attempt, which may be refused because its limit has no free slot. */
interface Begin {
  readonly task: Task
  readonly ownerSeq: number
  readonly turn: Turn | null
  readonly rank: number
}

/** Limit whose values take turns, and the value of a task. */
interface Turn {
  readonly name: string
  readonly value: string
}

interface LastTurn {
  /** Null if a commit had turns of several values. */
  readonly value: string | null
  readonly at: number
}

export interface TurnPorts {
  readonly program: Program
  readonly executions: ExecutionModel
  readonly limits: LimitModel
  readonly report: Report
  readonly isTroubled: (instanceSeq: number) => boolean
}

/** Time until an engine has queued a task that is ready in the store, apart from the answers of the store. */
const QUEUED_WITHIN_MS = 1_500
const DISTURBING: ReadonlySet<string> = new Set(['refuse', 'refuseFor', 'moveDatabase', 'replaceDatabase', 'setWall'])

export class TurnModel {
  readonly #ports: TurnPorts
  readonly #isChecked: boolean
  /** Ready tasks with the simulated time since which they can begin. */
  readonly #ready = new Map<string, { readonly task: Task; readonly since: number }>()
  readonly #ranks = new Map<ModelExecution, number>()
  readonly #last = new Map<string, LastTurn>()
  #begins: Begin[] = []
  readonly #touched = new Set<ModelExecution>()

  constructor(ports: TurnPorts) {
    this.#ports = ports
    const { store, steps, limits } = ports.program
    const isDisturbed = steps.some((step) => 'fault' in step && DISTURBING.has(step.fault.kind))
    this.#isChecked = store === 'sqlite' && limits.length > 0 && !isDisturbed
  }

  apply({ table, before, after }: RowChange, now: number): void {
    if (!this.#isChecked || after === null) return
    if (table === 'task_runs') this.#taskChanged(before, after, now)
    else if (table === 'executions') this.#executionChanged(before, after, now)
    else if (table === 'waits' && before === null && after.kind === 'limit') this.#begun(after)
  }

  committed(now: number): void {
    for (const begin of this.#begins) this.#checkPriority(begin, now)
    const groups = Map.groupBy(this.#begins, ({ ownerSeq, turn }) => (turn === null ? '' : `${ownerSeq} ${turn.name}`))
    for (const [key, begins] of groups) if (key !== '') this.#checkTurns(key, begins, now)
    this.#begins = []
    for (const execution of this.#touched) {
      this.#ranks.set(execution, rankOf(execution))
      this.#addReleased(execution, now)
    }
    this.#touched.clear()
  }

  #taskChanged(before: RowValues | null, after: RowValues, now: number): void {
    const task = this.#taskOf(after)
    if (task === null) return
    const key = keyOf(task)
    this.#touched.add(task.execution)
    if (after.status === 'Running' && before?.status !== 'Running') this.#begun(after)
    // The time of a back-off is a wall time, so that such tasks count from their next change on.
    if (after.status === 'Ready' && after.not_before_at === null) {
      if (!this.#ready.has(key)) this.#ready.set(key, { task, since: now })
    } else this.#ready.delete(key)
  }

  /** Adds the tasks whose last dependency has ended in the current commit, or whose execution is new. */
  #addReleased(execution: ModelExecution, now: number): void {
    for (const { id, after, rule } of this.#tasksOf(execution)) {
      const row = { execution_seq: execution.seq, task_id: id }
      const task = execution.tasks.get(id)?.status === 'NotStarted' ? this.#taskOf(row) : null
      if (task === null || rule.type !== 'Always' || this.#ready.has(keyOf(task))) continue
      if (after.every((each) => isFinal(execution, each))) this.#ready.set(keyOf(task), { task, since: now })
    }
  }

  /** The tasks of an execution that changes its owner, or is paused, are queued again. */
  #executionChanged(before: RowValues | null, after: RowValues, now: number): void {
    const isSame = before?.owner_seq === after.owner_seq && before?.paused_at === after.paused_at
    const execution = this.#ports.executions.byId.get(String(after.id))
    if (isSame || execution === undefined) return
    for (const [key, { task }] of this.#ready) {
      if (task.execution === execution) this.#ready.set(key, { task, since: now })
    }
  }

  #begun(row: RowValues): void {
    const task = this.#taskOf(row)
    const ownerSeq = task?.execution.ownerSeq
    if (task == null || ownerSeq == null) return
    const rank = this.#ranks.get(task.execution) ?? rankOf(task.execution)
    this.#begins.push({ task, ownerSeq, turn: this.#turnOf(task), rank })
  }

  /** Returns a task of a workflow with limits, which every version of the code has. */
  #taskOf(row: RowValues): Task | null {
    const execution = this.#ports.executions.bySeq.get(Number(row.execution_seq))
    if (execution === undefined) return null
    const position = this.#tasksOf(execution).findIndex(({ id }) => id === row.task_id)
    return position < 0 ? null : { execution, id: String(row.task_id), position }
  }

  /** Returns the tasks of the workflow of an execution. None if the versions of the code differ, or if it waits. */
  #tasksOf({ workflow: key }: ModelExecution): readonly ProgramTask[] {
    const workflow = this.#ports.program.workflows.find((each) => each.key === key)
    if (workflow === undefined || workflow.generations.length < 3 || workflow.isRewired) return []
    return workflow.tasks.some(hasWait) ? [] : workflow.tasks
  }

  #turnOf({ execution, id, position }: Task): Turn | null {
    const { program, limits } = this.#ports
    const workflow = program.workflows.find(({ key }) => key === execution.workflow)
    const task = workflow?.tasks[position]
    if (task?.id !== id) return null
    const [name] = (task.limits ?? []).filter((each) => limits.values(each).per !== null)
    if (name !== undefined) return { name, value: valueIn(inputOf(execution, task.after), limits.values(name).per) }
    const { per = null } = workflow?.limit ?? {}
    return per === null ? null : { name: `workflow:${execution.workflow}`, value: valueIn(execution.input, per) }
  }

  /** Returns ready tasks that an engine has queued since before a time, and the first ones of their executions. */
  #queued(ownerSeq: number, before: number): readonly Task[] {
    const { program, isTroubled } = this.#ports
    if (isTroubled(ownerSeq)) return []
    const until = before - QUEUED_WITHIN_MS - 4 * program.answerWithinMs
    const ready = [...this.#ready.values()].filter(({ task }) => task.execution.ownerSeq === ownerSeq)
    return ready.flatMap(({ task, since }) => {
      const { execution, position } = task
      const isFirst = this.#tasksOf(execution)
        .slice(0, position)
        .every(({ id, after }) => isStarted(execution, id) || !after.every((each) => isFinal(execution, each)))
      return since < until && isFirst && !execution.isPaused && !execution.isEnded ? task : []
    })
  }

  #checkPriority({ task, ownerSeq }: Begin, now: number): void {
    const { priority, id } = task.execution
    const other = this.#queued(ownerSeq, now).find(({ execution }) => execution.priority > priority)
    if (other === undefined) return
    const text = `task ${task.id} of ${id} (priority ${priority}) began at engine ${ownerSeq}`
    this.#ports.report('higher-priority-first', `${text} before ${keyOf(other)} (${other.execution.priority})`)
  }

  #checkTurns(key: string, begins: readonly Begin[], now: number): void {
    const [first] = begins
    const isOne = begins.every(({ turn, rank }) => turn?.value === first?.turn?.value && rank === first?.rank)
    const value = isOne ? (first?.turn?.value ?? null) : null
    const last = this.#last.get(key)
    this.#last.set(key, { value, at: now })
    if (first === undefined || value === null || last?.value !== value) return
    const other = this.#queued(first.ownerSeq, last.at).find((task) => {
      const turn = this.#turnOf(task)
      return turn?.name === first.turn?.name && turn?.value !== value && this.#ranks.get(task.execution) === first.rank
    })
    if (other === undefined) return
    const text = `value ${value} of ${first.turn?.name} had two turns in a row at engine ${first.ownerSeq}`
    this.#ports.report('values-take-turns', `${text}, and ${keyOf(other)} waited`)
  }
}

/** Returns the rank of the tasks of an execution in an engine. */
function rankOf({ priority, tasks }: ModelExecution): number {
  const hasBegun = [...tasks.values()].some(({ attempts, triesLater }) => attempts > 0 || triesLater > 0)
  return -2 * priority - (hasBegun ? 1 : 0)
}

function hasWait({ wait, later }: ProgramTask): boolean {
  return wait !== undefined || later !== undefined
}

function isFinal({ tasks }: ModelExecution, id: string): boolean {
  return FINAL.has(tasks.get(id)?.status ?? 'missing')
}

/** Returns whether a task runs or has ended, so that it waits for no slot of an engine. */
function isStarted(execution: ModelExecution, id: string): boolean {
  return execution.tasks.get(id)?.status === 'Running' || isFinal(execution, id)
}

function keyOf({ execution, id }: Task): string {
  return `task ${id} of ${execution.id}`
}
