/** `runner.executions`: what ran, and what became of it. */

import type { Engine } from '../../engine/engine.ts'
import { unknownExecution } from '../../engine/executions/run-ends.ts'
import { textArgument } from '../../model/arguments.ts'
import type { ExecutionStatus, ExecutionSummary } from '../../model/execution.ts'
import type { KeepAlive } from '../keep-alive.ts'
import { type ExecutionResult, executionResult } from '../results.ts'
import { type PageOptions, pageOf } from './page.ts'

export class RunnerExecutions {
  readonly #alive: KeepAlive
  readonly #engine: Engine

  constructor(alive: KeepAlive, engine: Engine) {
    this.#alive = alive
    this.#engine = engine
  }

  /** Newest first. */
  async list(
    options: PageOptions & { readonly workflow?: string; readonly status?: ExecutionStatus } = {},
  ): Promise<readonly ExecutionSummary[]> {
    using _hold = this.#alive.hold()
    const { workflow, status } = options
    if (workflow !== undefined) textArgument(workflow, 'workflow')
    if (status !== undefined) textArgument(status, 'status')
    return await this.#engine.listExecutions({
      ...pageOf(options),
      ...(workflow === undefined ? {} : { workflow }),
      ...(status === undefined ? {} : { status }),
    })
  }

  /** Throws `EXECUTION_NOT_FOUND`. */
  async get(id: string): Promise<ExecutionResult> {
    using _hold = this.#alive.hold()
    const execution = await this.#engine.getExecution(textArgument(id, 'id'))
    if (execution !== null) return executionResult(execution)
    throw unknownExecution(id)
  }

  /**
   * Waits for the end of a run that this process or another carries out, and does nothing else: it takes and polls nothing.
   * While no process serves the workflow, it waits. Throws `EXECUTION_NOT_FOUND`.
   */
  async wait(id: string): Promise<ExecutionResult> {
    using _hold = this.#alive.hold()
    return executionResult(await this.#engine.waitFor(textArgument(id, 'id')))
  }
}
