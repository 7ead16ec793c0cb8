/** Tasks of one execution in memory, by number and by name, and what each of them reads. Owned by `run-state.ts`. */

import type { ContextText } from '../../model/context.ts'
import type { Execution, TaskStatus } from '../../model/execution.ts'
import { executionRank } from '../../model/limits/limits.ts'
import type { NodeWait, StoredWait } from '../../model/waits.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import type { LineOrder } from '../limits/limit-store.ts'
import type { ContextCodec } from '../ports.ts'
import { findStopped, skipFault, type WaitParts } from '../waits/node-waits.ts'
import { mergedOutputs, type TaskReadiness, taskReadiness } from './ready.ts'
import { isBegun, limitedTask, releaseOutput, type TaskState, taskStates, tasksByName } from './task-state.ts'

interface RunParts {
  readonly waits: readonly StoredWait[]
  readonly codec: ContextCodec
  readonly newId: () => string
}

export class RunTasks {
  /** In the order of the numbers. */
  readonly tasks: readonly TaskState[]
  /** Whether the code has nodes that wait. */
  readonly hasNodes: boolean
  /** Whether an attempt of a task has begun. */
  hasBegun: boolean
  readonly #execution: Execution
  readonly #parts: RunParts
  #byName: ReadonlyMap<string, TaskState> | null = null

  constructor(execution: Execution, definition: WorkflowDefinition, parts: RunParts) {
    this.#execution = execution
    this.#parts = parts
    this.tasks = taskStates(execution.tasks, definition, parts.waits)
    this.hasBegun = isBegun(this.tasks)
    this.hasNodes = definition.tasks.some(({ wait }) => wait !== undefined)
    if (this.hasNodes) findStopped(this.tasks, definition)
  }

  task(index: number): TaskState {
    const task = this.tasks[index]
    if (task === undefined) throw new RangeError(`Execution "${this.#execution.id}" has no task number ${index}.`)
    return task
  }

  /** Place of the tasks in the lines for slots. */
  get order(): LineOrder {
    const { priority, createdAt } = this.#execution
    return { rank: executionRank(priority, this.hasBegun), createdAt }
  }

  /** Returns the time at which the last dependency of a ready task ended, or the execution was created. */
  readyAt(index: number): number {
    const ends = this.task(index).dependencies.map((dependency) => this.task(dependency).endedAt ?? 0)
    return Math.max(this.#execution.createdAt, ...ends)
  }

  /** Drops outputs that nothing needs after the end of a task. Returns the tasks whose last dependency has ended. */
  releasedBy(task: TaskState): readonly TaskState[] {
    const released: TaskState[] = []
    for (const index of task.dependencies) releaseOutput(this.task(index))
    for (const index of task.dependents) {
      const dependent = this.task(index)
      dependent.unfinishedDependencies -= 1
      if (dependent.unfinishedDependencies === 0 && dependent.status === 'NotStarted') released.push(dependent)
    }
    return released
  }

  /** Undoes the begin of a task. */
  limited(task: TaskState, wait: NodeWait): void {
    limitedTask(task, wait)
    this.hasBegun = isBegun(this.tasks)
  }

  /** Returns a task by its short id or its full name. */
  named(name: string): TaskState | undefined {
    this.#byName ??= tasksByName(this.tasks)
    return this.#byName.get(name)
  }

  /** Returns whether a task with final dependencies runs. */
  readiness(task: TaskState): TaskReadiness {
    const stop = this.hasNodes ? skipFault(task, this.tasks) : null
    if (stop !== null) return { kind: 'skip', error: stop }
    const names = { workflow: this.#execution.workflow, taskId: task.taskId }
    const view = {
      statusOf: (name: string): TaskStatus | null => this.named(name)?.status ?? null,
      inputText: (): ContextText => this.inputText(task),
    }
    return taskReadiness(task.definition, names, view, this.#parts.codec)
  }

  /** Throws if the outputs cannot be merged. */
  inputText(task: TaskState): ContextText {
    if (task.dependencies.length === 0) return this.#execution.inputText
    const outputs = task.dependencies.map((index) => this.task(index).outputText)
    return mergedOutputs(outputs, this.#parts.codec)
  }

  waitParts(task: TaskState): WaitParts {
    const { codec, newId } = this.#parts
    return { codec, newId, input: () => this.inputText(task) }
  }
}
