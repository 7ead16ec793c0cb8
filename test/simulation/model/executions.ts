/**
 * Invariants of executions and their tasks, from the manual: a final state never changes, and an ended execution has no
 * open task. Only the owner starts task bodies, once per attempt, with the merged outputs of the dependencies, and only
 * if the rule of the task is met.
 */

import type { ExecutionView, TaskRequest } from '../../../src/engine/ports.ts'
import type { TriggerRule } from '../../../src/model/workflow.ts'
import { type Program, type ProgramTask, tasksIn } from '../program.ts'
import type { RowChange, RowValues } from '../recorder.ts'
import { FINAL, stoppingNode } from './nodes.ts'
import type { Report } from './violation.ts'

export interface ModelTask {
  status: string
  attempts: number
  recoveries: number
  /** Number of attempts that ended with `TryLater`. */
  triesLater: number
  /** Number of attempts that the stop of an engine cut off. They are not counted as recoveries. */
  cuts: number
  output: string | null
  /** Simulated time at which the last attempt failed; null after a start. */
  failedAt: number | null
}

export interface ModelExecution {
  readonly id: string
  readonly seq: number
  readonly workflow: string
  readonly firingId: string | null
  readonly origin: string
  /** Simulated time of the creation, independent of wall clocks. */
  readonly createdAt: number
  /** Stored time of the creation. */
  readonly createdAtWall: number
  readonly priority: number
  readonly retryOf: string | null
  status: string
  ownerSeq: number | null
  isEnded: boolean
  isPaused: boolean
  /** Simulated time of the last end of a pause. */
  resumedAt: number
  /** Limit of its workflow or trigger, for which it waits. Empty: it has only waits. */
  waitsFor: string | null
  input: string
  readonly tasks: Map<string, ModelTask>
  /** Number of task bodies that run now. */
  entries: number
}

/** Maximum number of additional attempts of a task whose processes die. */
const MAX_RECOVERIES = 3

export class ExecutionModel {
  readonly #program: Program
  readonly #report: Report
  readonly bySeq = new Map<number, ModelExecution>()
  readonly byId = new Map<string, ModelExecution>()
  readonly #entered = new Set<string>()
  /** Ids of executions by the marker in their input. */
  readonly byMarker = new Map<string, string[]>()
  #endedNow: ModelExecution[] = []
  /** Tasks that the current commit makes ready again after they had started. */
  #takenBackNow: { readonly execution: ModelExecution; readonly task: ModelTask }[] = []

  constructor(program: Program, report: Report) {
    this.#program = program
    this.#report = report
  }

  apply({ table, before, after }: RowChange, now: number): void {
    if (table === 'executions') this.#executionChanged(before, after, now)
    else if (table === 'execution_inputs' && after !== null) this.#inputAdded(after)
    else if (table === 'task_runs' && after !== null) this.#taskChanged(after)
  }

  /** Checks the invariants after the last change of a transaction. */
  committed(): void {
    for (const execution of this.#endedNow) {
      for (const [taskId, { status }] of execution.tasks) {
        if (FINAL.has(status)) continue
        this.#report(
          'ended-without-open-tasks',
          `execution ${execution.id} is ${execution.status}, its task ${taskId} is ${status}`,
        )
      }
    }
    this.#endedNow = []
    for (const { execution, task } of this.#takenBackNow) {
      if (execution.ownerSeq !== null) continue
      task.cuts += 1
      task.failedAt = null
    }
    this.#takenBackNow = []
  }

  get open(): readonly ModelExecution[] {
    return [...this.byId.values()].filter(({ isEnded }) => !isEnded)
  }

  /** Checks the start of a task body. `instanceSeq` is the seq of the engine that started it. */
  taskEntered(request: TaskRequest, instanceSeq: number | null, now: number, tolerance: number): void {
    const { executionId, taskId, attempt } = request
    const shown = `task ${taskId} of execution ${executionId}, attempt ${attempt}`
    const execution = this.byId.get(executionId)
    const task = execution?.tasks.get(taskId)
    if (execution === undefined || task === undefined) {
      this.#report('only-accepted-tasks-run', `${shown} is not stored`)
      return
    }
    const key = `${executionId} ${taskId} ${attempt}`
    if (this.#entered.has(key)) this.#report('one-entry-per-attempt', `${shown} was entered twice`)
    this.#entered.add(key)
    if (execution.ownerSeq !== instanceSeq || instanceSeq === null) {
      this.#report(
        'only-the-owner-enters',
        `${shown} was entered by engine ${instanceSeq}, the owner is ${execution.ownerSeq}`,
      )
    }
    if (task.status !== 'Running' || task.attempts !== attempt) {
      this.#report('entered-as-stored', `${shown} was entered, the store has ${task.status}, attempt ${task.attempts}`)
    }
    this.#checkInput(execution, request, shown)
    this.#checkAttempts(execution, task, request, { now, tolerance, shown })
  }

  /**
   * Records the failure of an attempt, from which the delay of the next attempt is measured. An attempt that another
   * engine has recovered is not the stored one any more.
   */
  taskFailed({ executionId, taskId, attempt }: TaskRequest, now: number): void {
    const task = this.byId.get(executionId)?.tasks.get(taskId)
    if (task?.status === 'Running' && task.attempts === attempt) task.failedAt = now
  }

  #executionChanged(before: RowValues | null, after: RowValues | null, now: number): void {
    if (after === null) {
      if (before !== null) this.#removed(before)
      return
    }
    const id = String(after.id)
    const known = this.byId.get(id)
    if (known === undefined) {
      this.#added(id, after, now)
      return
    }
    if (known.isEnded && (after.ended_at === null || after.status !== known.status)) {
      this.#report('final-states-stay', `execution ${id} was ${known.status} and became ${after.status}`)
    }
    known.status = String(after.status)
    known.ownerSeq = numberOrNull(after.owner_seq)
    if (known.isPaused && after.paused_at === null) known.resumedAt = now
    known.isPaused = after.paused_at !== null
    known.waitsFor = textOrNull(after.waits_for)
    if (!known.isEnded && after.ended_at !== null) {
      known.isEnded = true
      this.#endedNow.push(known)
    }
  }

  #added(id: string, row: RowValues, now: number): void {
    const execution: ModelExecution = {
      id,
      seq: Number(row.seq),
      workflow: String(row.workflow),
      firingId: textOrNull(row.firing_id),
      origin: String(row.origin),
      createdAt: now,
      createdAtWall: Number(row.created_at),
      priority: Number(row.priority),
      retryOf: textOrNull(row.retry_of),
      status: String(row.status),
      ownerSeq: numberOrNull(row.owner_seq),
      isEnded: row.ended_at !== null,
      isPaused: row.paused_at !== null,
      resumedAt: Number.NEGATIVE_INFINITY,
      waitsFor: textOrNull(row.waits_for),
      input: '{}',
      tasks: new Map(),
      entries: 0,
    }
    this.byId.set(id, execution)
    this.bySeq.set(execution.seq, execution)
  }

  #removed(row: RowValues): void {
    const id = String(row.id)
    const known = this.byId.get(id)
    if (known !== undefined && !known.isEnded)
      this.#report('open-executions-are-kept', `execution ${id} was removed before its end`)
    this.bySeq.delete(Number(row.seq))
    if (known !== undefined) known.isEnded = true
  }

  #inputAdded(row: RowValues): void {
    const execution = this.bySeq.get(Number(row.execution_seq))
    if (execution === undefined) return
    execution.input = String(row.context)
    const { request, nested } = JSON.parse(execution.input) as { readonly request?: number; readonly nested?: string }
    const marker = request === undefined ? nested : `request ${request}`
    if (marker === undefined || execution.retryOf !== null) return
    this.byMarker.set(marker, [...(this.byMarker.get(marker) ?? []), execution.id])
  }

  #taskChanged(row: RowValues): void {
    const execution = this.bySeq.get(Number(row.execution_seq))
    if (execution === undefined) return
    const taskId = String(row.task_id)
    const status = String(row.status)
    const known = execution.tasks.get(taskId)
    const task: ModelTask = known ?? {
      status,
      attempts: 0,
      recoveries: 0,
      triesLater: 0,
      cuts: 0,
      output: null,
      failedAt: null,
    }
    const output = textOrNull(row.output)
    if (
      known !== undefined &&
      FINAL.has(known.status) &&
      (status !== known.status || (output !== known.output && output !== null))
    ) {
      this.#report(
        'final-states-stay',
        `task ${taskId} of execution ${execution.id} was ${known.status} and became ${status}`,
      )
    }
    if (known !== undefined && execution.isEnded && !this.#endedNow.includes(execution) && known.status !== status) {
      this.#report('final-states-stay', `task ${taskId} of the ended execution ${execution.id} became ${status}`)
    }
    const isBegun = task.status === 'Running' && task.attempts === Number(row.attempts)
    if (isBegun && status === 'Ready' && task.recoveries === Number(row.recoveries))
      this.#takenBackNow.push({ execution, task })
    // The attempt that waited for a child was not counted, and has the same number when it starts again.
    if (task.status === 'Waiting' && (status === 'Ready' || status === 'Running')) {
      const attempt = Number(row.attempts) + (status === 'Ready' ? 1 : 0)
      this.#entered.delete(`${execution.id} ${taskId} ${attempt}`)
    }
    if (Number(row.tries_later) > task.triesLater)
      this.#entered.delete(`${execution.id} ${taskId} ${Number(row.attempts) + 1}`)
    task.triesLater = Number(row.tries_later)
    // The failure was not stored, because the attempt was lost with its engine.
    if (Number(row.recoveries) > task.recoveries) task.failedAt = null
    task.status = status
    task.attempts = Number(row.attempts)
    task.recoveries = Number(row.recoveries)
    // An engine removes an output that no task needs any more from memory, but not from the store.
    task.output = output ?? task.output
    execution.tasks.set(taskId, task)
  }

  /** Returns the tasks of the workflow of an execution in each version of the code. */
  versions({ workflow, tasks }: ModelExecution): readonly (readonly ProgramTask[])[] {
    const declared = this.#program.workflows.find(({ key }) => key === workflow)
    if (declared === undefined) return []
    // The dependencies of tasks that only other code than the one at its creation declares take their place.
    const added = declared.tasks.filter(({ id, later }) => later === 'removed' && !tasks.has(id)).map(({ id }) => id)
    const versions = [tasksIn(declared, 0), tasksIn(declared, 1)]
    if (added.length === 0) return versions
    return versions.map((version) => {
      const without = (after: readonly string[]): readonly string[] =>
        after.flatMap((id) =>
          added.includes(id) ? without(version.find((task) => task.id === id)?.after ?? []) : [id],
        )
      return version.map((task) => ({ ...task, after: [...new Set(without(task.after))] }))
    })
  }

  /** Checks that the input fits one generation, because the code may have changed while the execution was running. */
  #checkInput(execution: ModelExecution, request: TaskRequest, shown: string): void {
    const problems = this.versions(execution).flatMap((tasks) => {
      const task = tasks.find(({ id }) => id === request.taskId)
      return task === undefined || task.wait !== undefined ? [] : [this.#inputProblem(execution, request, tasks, task)]
    })
    const [first] = problems
    if (first != null && problems.every((problem) => problem !== null))
      this.#report(first.invariant, `${shown} ${first.text}`)
  }

  #inputProblem(
    execution: ModelExecution,
    { inputText, view }: TaskRequest,
    tasks: readonly ProgramTask[],
    task: ProgramTask,
  ): { readonly invariant: string; readonly text: string } | null {
    const { after, rule } = task
    const open = after.find((id) => !FINAL.has(execution.tasks.get(id)?.status ?? 'missing'))
    if (open !== undefined)
      return { invariant: 'dependencies-first', text: `started before the end of its dependency ${open}` }
    const expected = inputOf(execution, after)
    if (!isEqualJson(inputText, expected))
      return { invariant: 'input-is-merged', text: `got ${inputText}, expected ${expected}` }
    if (!meetsRule(rule, execution, expected))
      return { invariant: 'rule-is-met', text: 'started, and its rule is not met' }
    const { isRewired = false } = this.#program.workflows.find(({ key }) => key === execution.workflow) ?? {}
    const node = rule.type === 'Always' ? stoppingNode(execution, tasks, task, isRewired) : null
    if (node !== null) return { invariant: 'nodes-stop-tasks', text: `started, and node ${node} has not completed` }
    return viewProblem(execution, view, after)
  }

  #checkAttempts(
    execution: ModelExecution,
    task: ModelTask,
    { taskId, attempt }: TaskRequest,
    { now, tolerance, shown }: { readonly now: number; readonly tolerance: number; readonly shown: string },
  ): void {
    const definition = this.versions(execution)[0]?.find(({ id }) => id === taskId)
    if (definition === undefined) return
    const most = Math.max(1, definition.maxAttempts) + Math.min(task.recoveries, MAX_RECOVERIES + 1) + task.cuts
    if (attempt > most) this.#report('attempts-are-limited', `${shown} is beyond ${most} attempts`)
    const { failedAt } = task
    if (failedAt !== null && now + tolerance < failedAt + definition.delayMs) {
      this.#report(
        'back-off-is-kept',
        `${shown} started ${Math.round(now - failedAt)} ms after a failure, the delay is ${definition.delayMs} ms`,
      )
    }
    task.failedAt = null
  }
}

/** A failed dependency has failed before the attempt began. Other tasks may have failed since then. */
function viewProblem(execution: ModelExecution, view: ExecutionView, after: readonly string[]) {
  if (!isEqualJson(view.inputText, execution.input))
    return { invariant: 'view-is-stored', text: `can read ${view.inputText}, not the input ${execution.input}` }
  const seen = new Map(view.failures().map(({ task, attempts }) => [task, attempts]))
  const failedAttempts = (id: string): number | undefined => {
    const task = execution.tasks.get(id)
    return task?.status === 'Failed' ? task.attempts : undefined
  }
  const wrong =
    [...seen].find(([id, attempts]) => failedAttempts(id) !== attempts)?.[0] ??
    after.find((id) => failedAttempts(id) !== seen.get(id))
  if (wrong === undefined) return null
  return { invariant: 'view-is-stored', text: `can read ${seen.get(wrong) ?? 'no'} failed attempts of ${wrong}` }
}

/** Returns the input of a task or node. */
export function inputOf(execution: ModelExecution, after: readonly string[]): string {
  return after.length === 0 ? execution.input : mergedOutputs(execution, after)
}

function mergedOutputs(execution: ModelExecution, after: readonly string[]): string {
  const outputs = after.map((id) => execution.tasks.get(id)).filter((task) => task?.status === 'Completed')
  return JSON.stringify(Object.assign({}, ...outputs.map((task) => JSON.parse(task?.output ?? '{}') as object)))
}

/** Returns whether a trigger rule is met. Independent of the implementation in the engine. */
function meetsRule(rule: TriggerRule, execution: ModelExecution, input: string): boolean {
  switch (rule.type) {
    case 'Always':
      return true
    case 'TaskSuccess':
      return execution.tasks.get(rule.taskName)?.status === 'Completed'
    case 'TaskFailed':
      return execution.tasks.get(rule.taskName)?.status === 'Failed'
    case 'TaskSkipped':
      return execution.tasks.get(rule.taskName)?.status === 'Skipped'
    case 'ContextValue':
      return rule.operator === 'Exists' && rule.key in (JSON.parse(input) as object)
    case 'Any':
      return rule.conditions.some((each) => meetsRule(each, execution, input))
    default:
      throw new Error(`The model does not know the rule ${rule.type}.`)
  }
}

export function isEqualJson(one: string, other: string): boolean {
  return sorted(one) === sorted(other)
}

function sorted(text: string): string {
  return JSON.stringify(Object.entries(JSON.parse(text) as object).sort(([left], [right]) => (left < right ? -1 : 1)))
}

export function numberOrNull(value: string | number | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value)
}

export function textOrNull(value: string | number | null | undefined): string | null {
  return value === null || value === undefined ? null : String(value)
}
