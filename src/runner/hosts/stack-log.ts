/** Log lines about the stacks of the interpreters, for an engine that hangs. Used by `runner.ts`. */

import { toError } from '../../errors.ts'
import type { LogSink } from '../log/event-log-lines.ts'
import type { ScriptHosts } from './script-hosts.ts'

/** Logs the state of each interpreter, and what each suspended stack waits for, with its Python frames. */
export async function logStacks(hosts: ScriptHosts, log: LogSink, withinMs: number): Promise<void> {
  try {
    const scripting = await hosts.pythonSettled()
    for (const message of (await scripting?.host.describeStacks(withinMs)) ?? []) log({ level: 'info', message })
  } catch (thrown) {
    log({ level: 'warn', message: `Cannot log the stacks of the interpreters: ${toError(thrown).message}` })
  }
}
