/** One host for the engine out of those of both kinds of script: each request goes to the one that has its script. */

import type { PollRequest, ScriptHost, TaskRequest } from '../../engine/ports.ts'
import { faultOf } from '../../functions/calls/faults.ts'
import type { ModuleScripts } from '../../functions/module-scripts.ts'
import { unfitting } from '../../functions/outcomes.ts'
import type { AttemptOutcome } from '../../model/execution.ts'
import type { PollOutcome } from '../../model/trigger.ts'
import type { FoundTask, TaskTargets } from './task-targets.ts'
import type { WorkflowInputs } from './workflow-inputs.ts'

export interface MixedHostParts {
  readonly python: ScriptHost
  /** Null before the first script that is not Python. */
  readonly modules: () => ModuleScripts | null
  readonly targets: TaskTargets
  /** What a trigger fires, as the input of its workflow wants it. */
  readonly inputs: Pick<WorkflowInputs, 'checkedFor'>
  /** Settles when the scripts that are being loaded are; null when none is. */
  readonly loading: () => Promise<void> | null
}

export function mixedHost({ python, modules, targets, inputs, loading }: MixedHostParts): ScriptHost {
  const hostOf = (script: string): Pick<ScriptHost, 'poll' | 'runTask'> => {
    const all = modules()
    return all?.knows(script) ? all : python
  }
  /** A task with a function of another script runs where that is. */
  const runElsewhere = async (request: TaskRequest): ReturnType<ScriptHost['runTask']> => {
    const found = targets.of(request) ?? (await loading()?.then(() => targets.of(request))) ?? null
    if (found === null) return notFound(request, targets)
    return await hostOf(found.script).runTask(redirected(request, found))
  }
  return {
    async poll(request) {
      const outcome = await hostOf(request.script).poll(request)
      return outcome.kind === 'fired' && modules() !== null ? await checkedFiring(request, outcome, inputs) : outcome
    },
    runTask: (request) =>
      request.runs === undefined ? hostOf(request.script).runTask(request) : runElsewhere(request),
    accumulate: (request) => python.accumulate(request),
    runGraph: (request) => python.runGraph(request),
    cancelTasks(executionId) {
      python.cancelTasks(executionId)
      modules()?.cancelTasks(executionId)
    },
  }
}

/** Whatever the trigger is written in, and however it names its workflow. */
async function checkedFiring(
  { trigger }: PollRequest,
  { contextText, isChecked }: PollOutcome & { readonly kind: 'fired' },
  inputs: MixedHostParts['inputs'],
): Promise<PollOutcome> {
  try {
    return { kind: 'fired', contextText: isChecked ? contextText : await inputs.checkedFor(trigger, contextText) }
  } catch (thrown) {
    return { kind: 'failed', error: faultOf(thrown, unfitting(trigger)) }
  }
}

function redirected(request: TaskRequest, { script, workflow, taskId }: FoundTask): TaskRequest {
  return { ...request, script, runs: { script, workflow, taskId } }
}

function notFound(request: TaskRequest, targets: TaskTargets): AttemptOutcome {
  const message = `Task execution failed: ${targets.whyMissing(request)}`
  return { kind: 'failed', error: { type: 'NotRun', message, traceback: '' } }
}
