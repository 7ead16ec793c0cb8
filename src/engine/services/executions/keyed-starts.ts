/** Starts executions with keys: one execution for each key of a workflow. Owned by the engine. */

import { UsageError } from '../../../errors.ts'
import { shortenText } from '../../../model/arguments.ts'
import type { ContextText } from '../../../model/context.ts'
import type { WorkflowDefinition } from '../../../model/workflow.ts'
import type { EnginePorts } from '../../engine-options.ts'
import { limitedError, newExecution } from '../../starts/firing-context.ts'
import type { KeyHolder, StartKey } from '../../starts/new-executions.ts'

export interface Started {
  readonly id: string
  /** Whether an earlier call with the same key and input started the execution. */
  readonly isReplayed: boolean
}

export class KeyedStarts {
  readonly #ports: Pick<EnginePorts, 'store' | 'clock' | 'codec' | 'newId'>
  readonly #checked: (workflow: WorkflowDefinition, inputText: ContextText) => Promise<ContextText>

  /** `checked`: returns the input as the workflow makes it. Rejects if the workflow refuses it, or the engine stops. */
  constructor(
    ports: Pick<EnginePorts, 'store' | 'clock' | 'codec' | 'newId'>,
    checked: (workflow: WorkflowDefinition, inputText: ContextText) => Promise<ContextText>,
  ) {
    this.#ports = ports
    this.#checked = checked
  }

  /**
   * Returns the execution that was started with the key, or starts one. Throws `KEY_REUSED` if the key was used with
   * another input, and `LIMITED`. Inputs are compared as they were given: a check may add a time or a random value.
   */
  async start(workflow: WorkflowDefinition, inputText: ContextText, key: string, priority?: number): Promise<Started> {
    const { store, clock, codec, newId } = this.#ports
    const startKey: StartKey = { key, fingerprint: codec.fingerprint(inputText) }
    // Before the check, which may refuse the input in a new version, or need an engine that is not running.
    const earlier = await store.findStartKey(workflow.key, key)
    if (earlier !== null) return replayed(workflow.key, startKey, earlier)
    const execution = newExecution(newId(), workflow, await this.#checked(workflow, inputText), codec, priority)
    const created = await store.createExecutionOnce({ execution, startKey, at: clock.now() })
    if (created.kind === 'known') return replayed(workflow.key, startKey, created.holder)
    if (created.kind === 'limited') throw limitedError(execution, created)
    return { id: execution.id, isReplayed: false }
  }
}

function replayed(workflow: string, { key, fingerprint }: StartKey, holder: KeyHolder): Started {
  const { executionId } = holder
  if (holder.fingerprint === fingerprint) return { id: executionId, isReplayed: true }
  const message =
    `Key ${shown(key)} of workflow "${workflow}" was used with another input: it started execution "${executionId}". ` +
    'Send the same input again, or use another key.'
  throw new UsageError('KEY_REUSED', message, { workflow, executionId })
}

/** Returns the error of a call that waits for an execution of a known key. */
export function removedExecutionError(workflow: string, key: string, executionId: string): UsageError {
  const message =
    `Execution "${executionId}", which key ${shown(key)} of workflow "${workflow}" started, was removed from this ` +
    'database. To run the workflow again, use another key.'
  return new UsageError('EXECUTION_NOT_FOUND', message, { workflow, executionId })
}

function shown(key: string): string {
  return JSON.stringify(shortenText(key))
}
