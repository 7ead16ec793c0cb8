/**
 * Stored results and child executions of tasks, which remain between attempts. Owned by the engine. The executor
 * requests the memory of each attempt. Afterwards, the memory has the child for which the attempt was parked.
 *
 *   run ──▶ waits in memory, without its slot ──▶ the child ends: the task continues with its result
 *                    └── `parkMs` later, or when the engine drains: parked; the attempt ends, and its task waits
 *
 * An attempt with slots of limits is parked immediately: only its end gives them back, and the child may need them.
 */

import { UsageError } from '../../errors.ts'
import type { Execution } from '../../model/execution.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import { didYouMean } from '../../registry/nearest.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { AttemptMemory, ChildRequest, Memories, MemoryOwner } from '../ports.ts'
import { limitedError, newExecution } from '../starts/firing-context.ts'
import type { NewExecution } from '../starts/new-executions.ts'
import type { ChildStart, NameInChain } from './chain-store.ts'
import { type ChildRun, endedError, StoredMemory } from './stored-memory.ts'

/** Maximum number of executions above a child. */
const MAX_DEPTH = 16

/** Functions of the engine for child executions. */
export interface ChildExecutions {
  /** Begins to wait for the end of an execution, in any engine. Null: it does not exist. */
  begin(executionId: string): Promise<{ readonly ended: Promise<Execution> } | null>
  /** Rejects such a wait. */
  stopWaiting(executionId: string, ended: Promise<Execution>, reason: Error): void
  /** Requests that this engine runs the execution, if it has the code. */
  wanted(executionId: string): void
  /** Returns the input as the workflow makes it. */
  checked(workflow: WorkflowDefinition, inputText: string): Promise<string>
  /** Called when a cancel is stored. Applies the requested cancels of children. */
  cancelled(): void
}

export class TaskChains implements Memories {
  readonly #ports: EnginePorts
  readonly #children: ChildExecutions
  /** Functions that park the attempts that wait. */
  readonly #waiting = new Set<() => void>()
  #isDraining = false

  constructor(ports: EnginePorts, children: ChildExecutions) {
    this.#ports = ports
    this.#children = children
  }

  memoryOf(attempt: MemoryOwner): AttemptMemory {
    return new StoredMemory(this.#ports, attempt, (child) => this.#run(attempt, child))
  }

  cancelled(): void {
    this.#children.cancelled()
  }

  /** Parks the attempts that wait now, or will wait, because no child can end before the engine has stopped. */
  drain(): void {
    this.#isDraining = true
    for (const park of this.#waiting) park()
  }

  /** Returns the id of the child, and its end, or null after the time to park. */
  async #run(attempt: MemoryOwner, request: ChildRequest): Promise<ChildRun> {
    const childId = await this.#started(attempt, request)
    this.#children.wanted(childId)
    const wait = await this.#children.begin(childId)
    if (wait === null) throw removedChildError(request, childId)
    const parkMs = attempt.hasLimits ? 0 : this.#ports.config.parkMs
    return { childId, ended: await this.#endOrPark(childId, wait.ended, parkMs) }
  }

  async #endOrPark(childId: string, ended: Promise<Execution>, parkMs: number): Promise<Execution | null> {
    const { clock } = this.#ports
    const parked = Promise.withResolvers<null>()
    const park = (): void => parked.resolve(null)
    const timer = clock.wakeAfter(parkMs, park)
    this.#waiting.add(park)
    if (this.#isDraining) park()
    ended.catch(() => undefined) // Ignored: it is awaited below, or the wait was stopped
    try {
      const end = await Promise.race([ended, parked.promise])
      // Uncoded: the caller of the stopped wait is this function
      if (end === null) this.#children.stopWaiting(childId, ended, new Error('The task is parked.'))
      return end
    } finally {
      timer.cancel()
      this.#waiting.delete(park)
    }
  }

  /** Returns the id of the child that has the key, which this call may start. */
  async #started(attempt: MemoryOwner, { workflow, inputText, key }: ChildRequest): Promise<string> {
    const { store, clock, codec, newId } = this.#ports
    const of: NameInChain = { chainId: attempt.chainId, taskId: attempt.taskId, name: key }
    const known = await store.chains.findChild(of)
    if (known !== null) return childOfWorkflow(known, workflow, key)
    const definition = await this.#definition(workflow)
    const depth = (await store.chains.depthOf(attempt.chainId)) + 1
    if (depth > MAX_DEPTH) throw tooDeepError(workflow)
    const checkedText = await this.#children.checked(definition, inputText)
    const execution = newExecution(newId(), definition, checkedText, codec, attempt.priority)
    const parentId = attempt.executionId
    const answer = await store.chains.startChild({ of, parentId, execution, depth, at: clock.now() })
    if (answer.kind === 'known') return childOfWorkflow(answer.child, workflow, key)
    if (answer.kind === 'ended') throw endedError(parentId)
    if (answer.kind === 'limited') throw limitedError(execution, answer)
    if (answer.kind === 'heldAbove') throw heldAboveError(execution, answer.executionId)
    return execution.id
  }

  async #definition(workflow: string): Promise<WorkflowDefinition> {
    const { registry, store } = this.#ports
    const { workflows } = registry.current()
    const found = workflows.get(workflow) ?? (await store.listWorkflows([workflow]))[0]
    if (found !== undefined) return found
    const message = `Workflow "${workflow}" not found.${didYouMean(workflow, [...workflows.keys()])}`
    throw new UsageError('WORKFLOW_NOT_FOUND', message, { workflow })
  }
}

function childOfWorkflow({ executionId, workflow: started }: ChildStart, workflow: string, key: string): string {
  if (started === workflow) return executionId
  const message =
    `Key "${key}" was used for workflow "${started}", so it cannot start workflow "${workflow}". ` +
    'Use another key for each child.'
  throw new UsageError('KEY_REUSED', message, { workflow, executionId })
}

/** Returns the error of a child that would wait for a slot until its parent, or an execution above it, has ended. */
function heldAboveError({ workflow, limit }: NewExecution, executionId: string): UsageError {
  const value = limit === undefined || limit.value === 'null' ? '' : ` for the value ${limit.value}`
  const message =
    `Workflow "${workflow}" was not started, because execution "${executionId}" above it has a slot of the limit of ` +
    `this workflow${value}, so that both could wait for each other. Start it without waiting, or with another value.`
  return new UsageError('INVALID_ARGUMENT', message, { workflow, executionId })
}

function tooDeepError(workflow: string): UsageError {
  const message =
    `Workflow "${workflow}" was not started, because ${MAX_DEPTH} executions above it wait for each other. ` +
    'Check whether a workflow starts itself.'
  return new UsageError('CHILDREN_TOO_DEEP', message, { workflow })
}

function removedChildError({ workflow, key }: ChildRequest, executionId: string): UsageError {
  const message =
    `Execution "${executionId}", which key "${key}" started, was removed from this database. ` +
    'To run the workflow again, use another key.'
  return new UsageError('EXECUTION_NOT_FOUND', message, { workflow, executionId })
}
