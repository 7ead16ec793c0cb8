/** Open waits of the executions that the executor holds: gives executions back that only wait, and applies ends. */

import type { NodeWait } from '../../model/waits.ts'
import type { EnginePorts } from '../engine-options.ts'
import { WaitLoop } from '../waits/wait-loop.ts'
import type { EndedWait } from '../waits/wait-store.ts'
import type { Acquirer } from './acquirer.ts'
import type { Run } from './execution-run.ts'
import type { RunUpdate } from './run-update.ts'

interface WaitingRuns {
  /** Executions that the executor holds, by id. */
  readonly runs: ReadonlyMap<string, Run>
  readonly acquirer: Acquirer
  follow(run: Run, step: RunUpdate, at: number): void
  drop(run: Run): void
}

export class RunWaits {
  readonly loop: WaitLoop
  readonly #ports: Pick<EnginePorts, 'clock' | 'events' | 'registry'>
  readonly #parts: WaitingRuns

  constructor(ports: EnginePorts, parts: WaitingRuns) {
    this.#ports = ports
    this.#parts = parts
    this.loop = new WaitLoop(ports, {
      hasOpenWaits: () => [...parts.runs.values()].some((run) => run.state.hasOpenWaits),
      ended: (wait) => this.#endWait(wait),
      available: (executionIds) => parts.acquirer.made(...executionIds),
    })
  }

  /** Gives back an execution that has only waits, in the step that stores them. The end of a wait makes it free. */
  parkIfIdle(run: Run): void {
    if (!isContinuing(run) || !run.state.hasOnlyWaits) return
    const { id, workflow, workflowDefinition } = run.state
    const { acquirer, drop } = this.#parts
    run.phase = 'parking'
    run.settlements.giveBack('waiting', (isStored) => {
      if (!isStored || run.state.isCancelled) return
      const { events, clock, registry } = this.#ports
      events.emit('executionWaiting', { executionId: id, workflow, at: clock.now() })
      drop(run)
      // In case a caller waits, or a wait has ended since then.
      acquirer.ask(id)
      acquirer.made(id)
      acquirer.hasRoom()
      // Newer code was loaded while the execution was here, and may not have its nodes.
      if (registry.current().workflows.get(workflow) !== workflowDefinition) this.loop.codeChanged()
    })
  }

  /** Handles a wait that is stored. A kept signal, or a child that had ended, may have ended it in the same step. */
  opened(run: Run, { kind, deadlineAt }: NodeWait): void {
    if (deadlineAt !== null) this.loop.opened(deadlineAt)
    if ((kind === 'signal' || kind === 'child') && isContinuing(run)) void this.loop.lookAgain()
  }

  /** Handles waits that a call of this engine has ended. Others may be of executions that this engine holds. */
  ended(available: readonly string[]): void {
    if (available.length > 0) this.#parts.acquirer.made(...available)
    if (this.#parts.runs.size > 0) void this.loop.lookAgain()
  }

  /** The store makes a parked execution available, so its waits are not ended here. */
  #endWait({ executionId, taskId, ending }: EndedWait): void {
    const run = this.#parts.runs.get(executionId)
    if (run === undefined || !isContinuing(run)) return
    const at = this.#ports.clock.now()
    this.#parts.follow(run, run.state.endWait(taskId, ending, at), at)
  }
}

function isContinuing({ phase }: Run): boolean {
  return phase === 'running' || phase === 'paused'
}
