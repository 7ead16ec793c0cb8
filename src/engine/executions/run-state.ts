/**
 * One execution in memory, so that the hot path reads no database. Applies outcomes, and returns the changes to store
 * and the tasks to run. Without effects and clock; owned by the executor. A step costs only the tasks that it touches.
 *
 * States of a task, and the moves:
 *   waiting (NotStarted)  -> ready | Waiting (a node) | Skipped | Failed      when all its dependencies are final
 *   Waiting               -> Completed | Failed | Skipped (gone)              endWait, or open with a stored end
 *   ready                 -> Running                                         begin
 *   Running               -> Completed | Failed                              settle
 *   Running               -> Waiting (for a child)                           park
 *   Running               -> Waiting (for a slot)                            limited
 *   Waiting (of a task)   -> ready                                           endWait, or open with a stored end
 *   Running               -> ready (Ready, with `notBeforeAt`)               settle (a retry), takeBack, tryLater
 *   waiting, ready, Waiting -> Cancelled                                       cancel
 *   Running               -> Completed | Cancelled                           settle, takeBack, after cancel
 * A final state is never left. The execution ends when every task is final.
 */

import type { ContextText } from '../../model/context.ts'
import { type AttemptOutcome, type Execution, isFinal } from '../../model/execution.ts'
import type { LimitKey } from '../../model/limits/limits.ts'
import type { NodeWait, StoredWait, WaitEnding } from '../../model/waits.ts'
import type { TaskDefinition, WorkflowDefinition } from '../../model/workflow.ts'
import type { LineOrder } from '../limits/limit-store.ts'
import type { ContextCodec, ExecutionView } from '../ports.ts'
import type { ExecutionEnd, TaskChange } from '../store-ports.ts'
import { continuedWait, hasOnlyWaits, opensWait, timeAfter } from '../waits/node-waits.ts'
import { abandonedFault, cancelledEnd, executionEnd, inputFault, isEmptyContext } from './ready.ts'
import { decideRetry, MAX_RECOVERIES } from './retry.ts'
import { RunTasks } from './run-tasks.ts'
import { type OpenStep, openStep, type RunUpdate } from './run-update.ts'
import {
  endingChange,
  failuresUntil,
  hasBegun,
  isOfOldLimit,
  isOfTask,
  lastOutput,
  parkedChange,
  retryStartAt,
  type TaskState,
  taskTally,
  toTaskChange,
  toTaskRun,
  tracebackUntil,
} from './task-state.ts'

export class RunState {
  readonly id: string
  readonly workflow: string
  readonly script: string
  /** Code of the workflow when the execution was acquired. */
  readonly workflowDefinition: WorkflowDefinition
  readonly #execution: Execution
  readonly #tasks: readonly TaskState[]
  readonly #run: RunTasks
  /** Whether a task may be `Waiting`. */
  #mayWait: boolean
  #finished = 0
  #finishedOrder = 0
  #lastOutputText: ContextText | null = null
  #cancelReason: string | null = null

  constructor(
    execution: Execution,
    definition: WorkflowDefinition,
    codec: ContextCodec,
    waits: readonly StoredWait[] = [],
    newId: () => string = () => crypto.randomUUID(),
  ) {
    this.id = execution.id
    this.workflow = execution.workflow
    this.script = definition.script
    this.workflowDefinition = definition
    this.#execution = execution
    this.#run = new RunTasks(execution, definition, { waits, codec, newId })
    this.#tasks = this.#run.tasks
    this.#lastOutputText = lastOutput(this.#tasks)
    for (const task of this.#tasks) {
      if (!isFinal(task.status)) continue
      this.#finished += 1
      this.#finishedOrder = Math.max(this.#finishedOrder, task.finishedOrder ?? 0)
      if (task.unfinishedDependents === 0) task.outputText = null
    }
    this.#mayWait = this.#run.hasNodes || waits.length > 0
  }

  /** Whether no task can run before a wait has ended. */
  get hasOnlyWaits(): boolean {
    return this.#mayWait && hasOnlyWaits(this.#tasks)
  }

  get hasOpenWaits(): boolean {
    return this.#mayWait && this.#tasks.some(({ status }) => status === 'Waiting')
  }

  /** Applies the stored end of a wait. It has no effect on a node that has ended. */
  endWait(taskId: string, ending: WaitEnding, at: number): RunUpdate {
    const step = openStep()
    const task = this.#run.named(taskId)
    if (task?.status === 'Waiting') this.#continueWait(Object.assign(task, { ending }), at, step)
    return this.#close(step, at)
  }

  /** Returns the wait of a node since it opened, also after its end. Null for a task. */
  waitOf(taskId: string): NodeWait | null {
    return this.#run.hasNodes ? (this.#run.named(taskId)?.wait ?? null) : null
  }

  /** Whether an earlier engine had started it. */
  get isResumed(): boolean {
    return this.#execution.tasks.some((task) => task.status !== 'NotStarted')
  }

  get execution(): Execution {
    return this.#execution
  }

  get isCancelled(): boolean {
    return this.#cancelReason !== null
  }

  get isFinished(): boolean {
    return this.#finished >= this.#tasks.length
  }

  /** Cancels the tasks that have not started. Running tasks may still complete. */
  cancel(reason: string, at: number): RunUpdate {
    const step = openStep()
    this.#cancelReason ??= reason
    for (const task of this.#tasks) {
      if (!isFinal(task.status) && task.status !== 'Running') this.#finish(task, 'Cancelled', at, step)
    }
    return this.#close(step, at)
  }

  /** Returns the first step after the acquisition. */
  open(at: number): RunUpdate {
    const step = openStep()
    const begun: TaskState[] = []
    for (const task of this.#tasks) {
      if (isFinal(task.status)) continue
      if (!hasBegun(task)) task.status = 'NotStarted'
      if (task.status !== 'NotStarted') begun.push(task)
      else if (task.unfinishedDependencies === 0) step.released.push(task)
    }
    // After the others, because a task that ends here releases its dependents itself.
    for (const task of begun) {
      if (task.status === 'Waiting') this.#continueWait(task, at, step)
      else this.#resume(task, at, step)
    }
    return this.#close(step, at)
  }

  /** Numbers of the tasks that an earlier engine had started, and that have not ended. For the time before `open`. */
  get begunTasks(): readonly number[] {
    return this.#tasks.filter((task) => !isFinal(task.status) && hasBegun(task)).map(({ index }) => index)
  }

  /** Name of the trigger that started it, or null. */
  get trigger(): string | null {
    const { origin } = this.#execution
    return 'trigger' in origin ? origin.trigger : null
  }

  /** Returns the time at which the last dependency of a ready task ended, or the execution was created. */
  readyAt(index: number): number {
    return this.#run.readyAt(index)
  }

  /** Returns the declaration of a task. Null if the code no longer has the task. */
  definition(index: number): TaskDefinition | null {
    return this.#run.task(index).definition
  }

  taskId(index: number): string {
    return this.#run.task(index).taskId
  }

  attempts(index: number): number {
    return this.#run.task(index).attempts
  }

  /** Throws if the outputs cannot be merged. Then call `failInput`. */
  inputText(index: number): ContextText {
    return this.#run.inputText(this.#run.task(index))
  }

  /** Returns what a task that begins now can read. It needs no copy, because a task that has failed does not change. */
  view(): ExecutionView {
    const order = this.#finishedOrder
    return {
      inputText: this.#execution.inputText,
      failures: () => failuresUntil(this.#tasks, order),
      traceback: (taskId) => tracebackUntil(this.#tasks, order, taskId),
    }
  }

  /** `limits`: slots that the attempt takes. If one is not free, the store makes the task wait: see `limited`. */
  begin(index: number, at: number, limits: readonly LimitKey[] = []): TaskChange {
    const task = this.#run.task(index)
    const order = this.order
    task.status = 'Running'
    task.attempts += 1
    task.notBeforeAt = null
    task.startedBeforeAt = task.startedAt
    task.startedAt ??= at
    this.#run.hasBegun = true
    const change = toTaskChange(task)
    if (limits.length === 0) return change
    task.hasSlots = true
    return { ...change, slots: { kind: 'take', limits, order } }
  }

  /** Undoes `begin` for a task that waits for a slot of a limit since the store refused its beginning. */
  limited(taskId: string, wait: NodeWait, at: number): RunUpdate {
    const step = openStep()
    const task = this.#run.named(taskId)
    if (task?.status !== 'Running') return this.#close(step, at)
    this.#mayWait = true
    this.#run.limited(task, wait)
    if (this.isCancelled) this.#finish(task, 'Cancelled', at, step)
    return this.#close(step, at)
  }

  /** Place of its tasks in the lines for slots. It improves when the execution begins. */
  get order(): LineOrder {
    return this.#run.order
  }

  /** `random` in [0, 1) is for the retry's jitter. */
  settle(index: number, outcome: AttemptOutcome, at: number, random: number): RunUpdate {
    const step = openStep()
    const task = this.#run.task(index)
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

  /** Undoes `begin` for a task that the host did not start. */
  takeBack(index: number, at: number, againAfterMs = 0): RunUpdate {
    const step = openStep()
    const task = this.#run.task(index)
    task.attempts -= 1
    if (this.isCancelled) this.#finish(task, 'Cancelled', at, step)
    else this.#makeReady(task, againAfterMs === 0 ? null : at + againAfterMs, step)
    return this.#close(step, at)
  }

  /** Ends an attempt that waits for a child execution. It does not count: the task starts again after the wait. */
  park(index: number, childId: string, at: number): RunUpdate {
    const step = openStep()
    const task = this.#run.task(index)
    task.attempts -= 1
    this.#mayWait = true
    if (this.isCancelled) this.#finish(task, 'Cancelled', at, step)
    else step.changes.push(parkedChange(task, childId, at))
    return this.#close(step, at)
  }

  /** Makes a task begin again after `TryLater`, with the same attempt. `close`: limit that is closed for the delay. */
  tryLater(index: number, delayMs: number, close: LimitKey | null, at: number): RunUpdate {
    const step = openStep()
    const task = this.#run.task(index)
    task.attempts -= 1
    task.triesLater += 1
    if (close !== null) task.closing = { key: close, forMs: delayMs }
    if (this.isCancelled) this.#finish(task, 'Cancelled', at, step)
    else this.#makeReady(task, timeAfter(at, delayMs), step)
    return this.#close(step, at)
  }

  task(index: number): Pick<TaskState, 'status' | 'wait' | 'triesLater'> {
    return this.#run.task(index)
  }

  /** Fails a task whose input cannot be created, or has no usable value for a limit. */
  failInput(index: number, thrown: unknown, at: number): RunUpdate {
    const step = openStep()
    const task = this.#run.task(index)
    task.error = inputFault(task.taskId, thrown)
    this.#finish(task, 'Failed', at, step)
    return this.#close(step, at)
  }

  /** Returns the ended execution. Its tasks have no outputs, because most were dropped before the end. */
  ended(end: ExecutionEnd): Execution {
    return {
      ...this.#execution,
      ...end,
      cause: end.failure?.cause ?? null,
      tasks: this.#tasks.map(toTaskRun),
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

  /** Continues a task that was lost or waits for its retry. */
  #resume(task: TaskState, at: number, step: OpenStep): void {
    if (task.recoveries > MAX_RECOVERIES) {
      task.error = abandonedFault(task.taskId, task.error)
      this.#finish(task, 'Failed', at, step)
    } else if (task.definition === null) step.released.push(task)
    else this.#makeReady(task, retryStartAt(task, at), step)
  }

  #continueWait(task: TaskState, at: number, step: OpenStep): void {
    if (task.wait !== null && isOfTask(task.wait)) {
      if (task.definition === null) step.released.push(task)
      else if (task.ending === null && !isOfOldLimit(task)) return
      else if (task.wait.kind === 'child') this.#makeReady(task, null, step)
      else {
        // Stays Waiting in the store, so that it keeps its place in the line until its attempt begins.
        task.status = 'Ready'
        step.ready.push({ index: task.index, notBeforeAt: null })
      }
      return
    }
    const status = continuedWait(task, this.workflow, this.#run.waitParts(task))
    if (status !== null) this.#finish(task, status, at, step)
  }

  #makeReady(task: TaskState, notBeforeAt: number | null, step: OpenStep): void {
    const isStored = task.status === 'Ready'
    task.status = 'Ready'
    task.notBeforeAt = notBeforeAt
    if (!isStored) step.changes.push(endingChange(task))
    step.ready.push({ index: task.index, notBeforeAt })
  }

  /** Decides about the tasks that the step released, and those that these decisions release. */
  #close(step: OpenStep, at: number): RunUpdate {
    for (const task of step.released) {
      // A cancel finishes tasks one by one, and releases dependents before it finishes them.
      if (isFinal(task.status)) continue
      const readiness = this.#run.readiness(task)
      if (readiness.kind === 'run' && task.definition?.wait !== undefined) {
        if (opensWait(task, task.definition.wait, at, this.#run.waitParts(task))) step.changes.push(toTaskChange(task))
        else this.#finish(task, 'Failed', at, step)
      } else if (readiness.kind === 'run') step.ready.push({ index: task.index, notBeforeAt: null })
      else {
        task.error = readiness.error
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
    step.changes.push(endingChange(task))
    if (task.outputText !== null && !isEmptyContext(task.outputText)) this.#lastOutputText = task.outputText
    if (task.unfinishedDependents === 0) task.outputText = null
    step.released.push(...this.#run.releasedBy(task))
  }

  #end(at: number): ExecutionEnd | null {
    if (this.#finished < this.#tasks.length) return null
    if (this.#cancelReason !== null) {
      return cancelledEnd(this.#cancelReason, this.#lastOutputText ?? this.#execution.inputText, at)
    }
    return executionEnd(taskTally(this.#tasks), this.#lastOutputText, this.#execution.inputText, at)
  }
}
