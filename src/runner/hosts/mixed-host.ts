/** One host for the engine out of those of both kinds of script: each request goes to the one that has its script. */

import type { ScriptHost, TaskRequest } from '../../engine/ports.ts'
import type { ModuleScripts } from '../../functions/module-scripts.ts'
import type { AttemptOutcome } from '../../model/execution.ts'
import type { FoundTask, TaskTargets } from './task-targets.ts'

export interface MixedHostParts {
  readonly python: ScriptHost
  /** Null before the first script that is not Python. */
  readonly modules: () => ModuleScripts | null
  readonly targets: TaskTargets
  /** Settles when the scripts that are being loaded are; null when none is. */
  readonly loading: () => Promise<void> | null
}

export function mixedHost({ python, modules, targets, loading }: MixedHostParts): ScriptHost {
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
    poll: (request) => hostOf(request.script).poll(request),
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

function redirected(request: TaskRequest, { script, workflow, taskId }: FoundTask): TaskRequest {
  return { ...request, script, runs: { script, workflow, taskId } }
}

function notFound(request: TaskRequest, targets: TaskTargets): AttemptOutcome {
  const message = `Task execution failed: ${targets.whyMissing(request)}`
  return { kind: 'failed', error: { type: 'NotRun', message, traceback: '' } }
}
