/**
 * The host of all scripts of a runner: calls the host of Python, or that of TypeScript and JavaScript. The first call
 * of a Python script waits until Python has started. Then, a poll that needs no check returns the promise of its host.
 */

import type {
  AccumulateAnswer,
  AccumulateRequest,
  RunGraphAnswer,
  RunGraphRequest,
} from '../../engine/graphs/graph-host.ts'
import type { PollRequest, ScriptHost, TaskRequest, TickResult } from '../../engine/ports.ts'
import { toPythonFault } from '../../functions/calls/faults.ts'
import type { ModuleScripts } from '../../functions/module-scripts.ts'
import { invalidContextText } from '../../functions/poll-result.ts'
import type { AttemptOutcome } from '../../model/execution.ts'
import { checkedFirings } from '../../model/trigger.ts'
import type { FoundTask, TaskTargets } from './task-targets.ts'
import type { WorkflowInputs } from './workflow-inputs.ts'

export interface DispatcherParts {
  readonly python: () => ScriptHost | null
  readonly startPython: () => Promise<ScriptHost>
  readonly modules: () => ModuleScripts | null
  readonly targets: TaskTargets
  readonly inputs: Pick<WorkflowInputs, 'mayCheck' | 'checkedFor'>
  /** Settles when the scripts that are being loaded are loaded. Null if none is. */
  readonly loading: () => Promise<void> | null
}

export class ScriptDispatcher implements ScriptHost {
  readonly #parts: DispatcherParts

  constructor(parts: DispatcherParts) {
    this.#parts = parts
  }

  poll(request: PollRequest): Promise<TickResult> {
    const polled =
      this.#hostOf(request.script)?.poll(request) ?? this.#parts.startPython().then((python) => python.poll(request))
    return this.#parts.inputs.mayCheck(request.trigger) ? this.#checked(request, polled) : polled
  }

  runTask(request: TaskRequest): ReturnType<ScriptHost['runTask']> {
    return request.runs === undefined ? this.#runIn(request) : this.#runElsewhere(request)
  }

  accumulate(request: AccumulateRequest): Promise<AccumulateAnswer> {
    const { python, startPython } = this.#parts
    return python()?.accumulate(request) ?? startPython().then((started) => started.accumulate(request))
  }

  runGraph(request: RunGraphRequest): Promise<RunGraphAnswer> {
    const { python, startPython } = this.#parts
    return python()?.runGraph(request) ?? startPython().then((started) => started.runGraph(request))
  }

  cancelTasks(executionId: string): void {
    this.#parts.python()?.cancelTasks(executionId)
    this.#parts.modules()?.cancelTasks(executionId)
  }

  /** Returns null for a Python script before Python has started. */
  #hostOf(script: string): Pick<ScriptHost, 'poll' | 'runTask'> | null {
    const modules = this.#parts.modules()
    return modules?.knows(script) ? modules : this.#parts.python()
  }

  #runIn(request: TaskRequest): ReturnType<ScriptHost['runTask']> {
    const host = this.#hostOf(request.script)
    return host?.runTask(request) ?? this.#parts.startPython().then((python) => python.runTask(request))
  }

  /** Runs a task with the function of another script, in the host of that script. */
  async #runElsewhere(request: TaskRequest): ReturnType<ScriptHost['runTask']> {
    const { targets, loading } = this.#parts
    const found = targets.of(request) ?? (await loading()?.then(() => targets.of(request))) ?? null
    return found === null ? notFound(request, targets) : await this.#runIn(redirected(request, found))
  }

  /** Checks a firing against the input of its workflow, for triggers in all languages. */
  async #checked({ trigger }: PollRequest, polled: Promise<TickResult>): Promise<TickResult> {
    const result = await polled
    if (result.kind !== 'fired') return result
    if (result.isChecked) return result
    try {
      const { inputs } = this.#parts
      const firings = await checkedFirings(result.firings, (contextText) => inputs.checkedFor(trigger, contextText))
      return { ...result, firings }
    } catch (thrown) {
      return { kind: 'failed', error: toPythonFault(thrown, invalidContextText(trigger)) }
    }
  }
}

function redirected(request: TaskRequest, { script, workflow, taskId }: FoundTask): TaskRequest {
  return { ...request, script, runs: { script, workflow, taskId } }
}

function notFound(request: TaskRequest, targets: TaskTargets): AttemptOutcome {
  const message = `Task execution failed: ${targets.whyMissing(request)}`
  return { kind: 'failed', error: { type: 'NotRun', message, traceback: '' } }
}
