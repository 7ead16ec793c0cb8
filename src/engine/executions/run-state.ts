/**
 * One execution in memory, so that the hot path reads no database. Knows which tasks wait for what, applies outcomes,
 * and answers with the changes to store and the tasks to run. Without effects and without a clock; the executor owns
 * it. A step costs the tasks it touches, not all of them.
 *
 * States of a task, and the moves:
 *   waiting (NotStarted)  -> ready | Skipped | Failed (gone from the code)   when all its dependencies are final
 *   ready                 -> Running                                         begin
 *   Running               -> Completed | Failed                              settle
 *   Running               -> ready (Ready, with `notBeforeAt`)               settle, when it is tried again; takeBack
 *   waiting, ready        -> Cancelled                                       cancel
 *   Running               -> Completed | Cancelled                           settle, takeBack, after cancel
 * A final state is never left. The execution ends when every task is final.
 */

import type { ContextText } from '../../model/context.ts'
import { type AttemptOutcome, type Execution, isFinal, type TaskRun, type TaskStatus } from '../../model/execution.ts'
import type { TaskRuns, WorkflowDefinition } from '../../model/workflow.ts'
import type { ContextCodec, ExecutionEnd, TaskChange } from '../ports.ts'
import {
  abandoned,
  cancelledEnd,
  endOf,
  isEmptyContext,
  mergedOutputs,
  readinessOf,
  unreadableContext,
} from './ready.ts'
import { decideRetry, MAX_RECOVERIES } from './retry.ts'
import { changeOf, dropUse, lastOutputOf, soonestAt, type TaskState, taskStates } from './task-state.ts'

/** A task to run, not before an instant; null: at once. */
export interface ReadyTask {
  readonly index: number
  readonly notBeforeAt: number | null
}

/** What one event did to an execution: to be stored in one step, and then acted upon. */
export interface Step {
  readonly changes: readonly TaskChange[]
  readonly ready: readonly ReadyTask[]
  /** Set when these changes end the execution. */
  readonly end: ExecutionEnd | null
}

interface OpenStep {
  readonly changes: TaskChange[]
  readonly ready: ReadyTask[]
  /** Tasks whose last dependency became final; grows while it is walked. */
  readonly released: TaskState[]
}

export class RunState {
  readonly id: string
  readonly workflow: string
  readonly script: string
  readonly #execution: Execution
  readonly #tasks: readonly TaskState[]
  readonly #codec: ContextCodec
  #byName: ReadonlyMap<string, TaskState> | null = null
  #finished = 0
  #finishedOrder = 0
  #lastOutputText: ContextText | null = null
  /** Why it is cancelled, once it is. */
  #cancelReason: string | null = null

  constructor(execution: Execution, definition: WorkflowDefinition, codec: ContextCodec) {
    this.id = execution.id
    this.workflow = execution.workflow
    this.script = definition.script
    this.#execution = execution
    this.#codec = codec
    this.#tasks = taskStates(execution.tasks, definition)
    this.#lastOutputText = lastOutputOf(this.#tasks)
    for (const task of this.#tasks) {
      if (!isFinal(task.status)) continue
      this.#finished += 1
      this.#finishedOrder = Math.max(this.#finishedOrder, task.finishedOrder ?? 0)
      if (task.unfinishedDependents === 0) task.outputText = null
    }
  }

  /** True when an earlier instance had begun it. */
  get isResumed(): boolean {
    return this.#execution.tasks.some((task) => task.status !== 'NotStarted')
  }

  get execution(): Execution {
    return this.#execution
  }

  get isCancelled(): boolean {
    return this.#cancelReason !== null
  }

  /** Every task is final: the end is being stored. */
  get isFinished(): boolean {
    return this.#finished >= this.#tasks.length
  }

  /** Nothing of it begins any more: what has not begun is Cancelled, what runs may still complete. */
  cancel(reason: string, at: number): Step {
    const step: OpenStep = { changes: [], ready: [], released: [] }
    this.#cancelReason ??= reason
    for (const task of this.#tasks) {
      if (!isFinal(task.status) && task.status !== 'Running') this.#finish(task, 'Cancelled', at, step)
    }
    return this.#close(step, at)
  }

  /** The first look, after it was acquired. */
  open(at: number): Step {
    const step: OpenStep = { changes: [], ready: [], released: [] }
    for (const task of this.#tasks) {
      if (isFinal(task.status)) continue
      if (!this.#hasBegun(task)) task.status = 'NotStarted'
      if (task.status !== 'NotStarted') this.#resume(task, at, step)
      else if (task.unfinishedDependencies === 0) step.released.push(task)
    }
    return this.#close(step, at)
  }

  /**
   * Whether a stored attempt counts. A task that was begun and never let in starts from its rule, and so does one to which newer
   * code has given dependencies that have not ended.
   */
  #hasBegun(task: TaskState): boolean {
    return task.attempts > 0 && task.unfinishedDependencies === 0
  }

  /** The limit that the code sets for an attempt, or null. */
  timeoutMs(index: number): number | null {
    return this.#tasks[index]?.definition?.timeoutMs ?? null
  }

  /** The function of another script that the code names in place of the workflow's own; undefined for most. */
  runs(index: number): TaskRuns | undefined {
    return this.#task(index).definition?.runs
  }

  taskId(index: number): string {
    return this.#task(index).taskId
  }

  /** Attempts begun so far. */
  attempts(index: number): number {
    return this.#task(index).attempts
  }

  /** Throws when the outputs cannot be merged: then `settle` with the failure. */
  inputText(index: number): ContextText {
    return this.#inputText(this.#task(index))
  }

  begin(index: number, at: number): TaskChange {
    const task = this.#task(index)
    task.status = 'Running'
    task.attempts += 1
    task.notBeforeAt = null
    task.startedAt ??= at
    return changeOf(task)
  }

  /** `random` in [0, 1) is for the retry's jitter. */
  settle(index: number, outcome: AttemptOutcome, at: number, random: number): Step {
    const step: OpenStep = { changes: [], ready: [], released: [] }
    const task = this.#task(index)
    if (outcome.kind !== 'completed' && this.isCancelled) {
      task.error = outcome.error
      this.#finish(task, 'Cancelled', at, step)
    } else if (outcome.kind === 'completed') {
      task.outputText = outcome.contextText
      task.error = null
      this.#finish(task, 'Completed', at, step)
    } else if (outcome.kind === 'lost' || outcome.kind === 'cancelled') {
      task.recoveries += 1
      task.error = outcome.error
      this.#resume(task, at, step)
    } else {
      task.error = outcome.error
      this.#retryOrFail(task, outcome, at, random, step)
    }
    return this.#close(step, at)
  }

  /** A task that was begun and never entered: as if it had not been begun. */
  takeBack(index: number, at: number, againAfterMs = 0): Step {
    const step: OpenStep = { changes: [], ready: [], released: [] }
    const task = this.#task(index)
    task.attempts -= 1
    if (this.isCancelled) this.#finish(task, 'Cancelled', at, step)
    else this.#makeReady(task, againAfterMs === 0 ? null : at + againAfterMs, step)
    return this.#close(step, at)
  }

  /** A task that could not be begun because its input cannot be made. */
  failInput(index: number, thrown: unknown, at: number): Step {
    const step: OpenStep = { changes: [], ready: [], released: [] }
    const task = this.#task(index)
    task.error = unreadableContext(task.taskId, thrown)
    this.#finish(task, 'Failed', at, step)
    return this.#close(step, at)
  }

  /** The ended execution as a value. Its tasks come without their outputs, most of which were dropped on the way. */
  ended(end: ExecutionEnd): Execution {
    return {
      ...this.#execution,
      ...end,
      tasks: this.#tasks.map(
        (task): TaskRun => ({ ...changeOf(task), fullName: task.fullName, outputText: null, status: task.status }),
      ),
    }
  }

  #retryOrFail(
    task: TaskState,
    outcome: Extract<AttemptOutcome, { readonly kind: 'failed' | 'timedOut' }>,
    at: number,
    random: number,
    step: OpenStep,
  ): void {
    const policy = task.definition?.retry
    // Attempts that died with their interpreter do not count against the policy.
    const attempt = task.attempts - task.recoveries
    const decision = policy === undefined ? null : decideRetry(policy, attempt, outcome, random)
    if (decision?.kind === 'retry') this.#makeReady(task, at + decision.delayMs, step)
    else this.#finish(task, 'Failed', at, step)
  }

  /** A task that was begun and lost, or waits for its retry. */
  #resume(task: TaskState, at: number, step: OpenStep): void {
    if (task.recoveries > MAX_RECOVERIES) {
      task.error = abandoned(task.taskId, task.error)
      this.#finish(task, 'Failed', at, step)
    } else if (task.definition === null) step.released.push(task)
    else this.#makeReady(task, soonestAt(task, at), step)
  }

  #makeReady(task: TaskState, notBeforeAt: number | null, step: OpenStep): void {
    const isStored = task.status === 'Ready'
    task.status = 'Ready'
    task.notBeforeAt = notBeforeAt
    if (!isStored) step.changes.push(changeOf(task))
    step.ready.push({ index: task.index, notBeforeAt })
  }

  /** Decides about every task that the step released, and about those that these decisions release. */
  #close(step: OpenStep, at: number): Step {
    for (const task of step.released) {
      // A cancel finishes tasks one by one, and releases dependents before it finishes them.
      if (isFinal(task.status)) continue
      const names = { workflow: this.workflow, taskId: task.taskId }
      const readiness = readinessOf(task.definition, names, this.#viewOf(task), this.#codec)
      if (readiness.kind === 'run') step.ready.push({ index: task.index, notBeforeAt: null })
      else {
        if (readiness.kind === 'fail') task.error = readiness.error
        this.#finish(task, readiness.kind === 'fail' ? 'Failed' : 'Skipped', at, step)
      }
    }
    return { changes: step.changes, ready: step.ready, end: this.#end(at) }
  }

  #finish(task: TaskState, status: 'Completed' | 'Failed' | 'Skipped' | 'Cancelled', at: number, step: OpenStep): void {
    task.status = status
    task.notBeforeAt = null
    task.endedAt = at
    this.#finished += 1
    this.#finishedOrder += 1
    task.finishedOrder = this.#finishedOrder
    step.changes.push(changeOf(task))
    if (task.outputText !== null && !isEmptyContext(task.outputText)) this.#lastOutputText = task.outputText
    if (task.unfinishedDependents === 0) task.outputText = null
    for (const index of task.dependencies) dropUse(this.#task(index))
    for (const index of task.dependents) {
      const dependent = this.#task(index)
      dependent.unfinishedDependencies -= 1
      if (dependent.unfinishedDependencies === 0 && dependent.status === 'NotStarted') step.released.push(dependent)
    }
  }

  #end(at: number): ExecutionEnd | null {
    if (this.#finished < this.#tasks.length) return null
    if (this.#cancelReason !== null) {
      return cancelledEnd(this.#cancelReason, this.#lastOutputText ?? this.#execution.inputText, at)
    }
    const failed = this.#tasks
      .filter((task) => task.status === 'Failed')
      .map((task) => ({ taskId: task.taskId, message: task.error?.message ?? 'failed' }))
    const skipped = this.#tasks.filter((task) => task.status === 'Skipped').length
    const completed = this.#tasks.length - failed.length - skipped
    return endOf({ failed, completed, skipped }, this.#lastOutputText, this.#execution.inputText, at)
  }

  #inputText(task: TaskState): ContextText {
    if (task.definition === null || task.definition.dependencies.length === 0) return this.#execution.inputText
    const outputs = task.dependencies.map((index) => this.#task(index).outputText)
    return mergedOutputs(outputs, this.#codec)
  }

  #viewOf(task: TaskState) {
    return {
      statusOf: (name: string): TaskStatus | null => this.#named(name)?.status ?? null,
      inputText: (): ContextText => this.#inputText(task),
    }
  }

  #named(name: string): TaskState | undefined {
    this.#byName ??= new Map(
      this.#tasks.flatMap((task): [string, TaskState][] => [
        [task.fullName, task],
        [task.taskId, task],
      ]),
    )
    return this.#byName.get(name)
  }

  #task(index: number): TaskState {
    const task = this.#tasks[index]
    if (task === undefined) throw new RangeError(`Execution "${this.id}" has no task number ${index}.`)
    return task
  }
}
