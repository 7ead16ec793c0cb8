/** A host of scripts that is started by the first call: what is asked before it is there waits for it. */

import type { ScriptHost } from '../engine/ports.ts'

/** `present`: undefined while there is none, or it is starting. */
export function lateHost(present: () => ScriptHost | undefined, starting: () => Promise<ScriptHost>): ScriptHost {
  return {
    poll: (request) => present()?.poll(request) ?? starting().then((host) => host.poll(request)),
    runTask: (request) => present()?.runTask(request) ?? starting().then((host) => host.runTask(request)),
    accumulate: (request) => present()?.accumulate(request) ?? starting().then((host) => host.accumulate(request)),
    runGraph: (request) => present()?.runGraph(request) ?? starting().then((host) => host.runGraph(request)),
    // Without interpreters nothing runs.
    cancelTasks: (executionId) => present()?.cancelTasks(executionId),
  }
}
