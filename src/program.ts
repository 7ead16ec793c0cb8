/**
 * Runs a script as `python script.py` does: the script is the program, and opens runners of its own.
 * Called by the command line's `run`.
 */

import { clockOf, defaultDurability, openScripting } from './assembly.ts'
import type { ProgramTarget } from './border/protocol.ts'
import { EngineEvents } from './engine/events.ts'
import { KeepAlive } from './keep-alive.ts'
import { type LogSink, watchForLog } from './log.ts'
import { LiveRegistry } from './registry/live-registry.ts'

export type { ProgramTarget } from './border/protocol.ts'

export interface Program {
  /** Settles with the exit code when the script has ended and its runners are shut down. */
  readonly exitCode: Promise<number>
  /** Delivers a signal to the script, as the system does under python. */
  signal(signum: number): void
}

/** Starts a script. Rejects when Python cannot be started. */
export async function startProgram(target: ProgramTarget, log: LogSink): Promise<Program> {
  const events = new EngineEvents()
  watchForLog(events, log)
  const { host, runners } = await openScripting({
    clock: clockOf(events),
    argv: target.argv,
    interpreters: 1,
    isProgram: true,
    durability: defaultDurability(),
    registry: new LiveRegistry(),
    watch: (events) => watchForLog(events, log),
    notice: (message) => log({ level: 'warn', message }),
    preparing: (message) => log({ level: 'info', message }),
  })
  const ended = host.runProgram(target).finally(async () => {
    await runners.close((message) => log({ level: 'error', message }))
    await host.close()
  })
  const exitCode = new KeepAlive().during(ended)
  return { exitCode, signal: (signum) => void host.signalProgram(signum) }
}
