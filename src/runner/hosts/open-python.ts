/** Starts the interpreters of a runner with its options, when `runner.ts` loads the first Python script. */

import type { LoadTarget } from '../../border/protocol.ts'
import type { Clock } from '../../engine/clock-port.ts'
import type { Engine } from '../../engine/engine.ts'
import type { LiveRegistry } from '../../registry/live-registry.ts'
import { openScripting, type Scripting } from '../composition.ts'
import type { EventListeners } from '../event-listeners.ts'
import type { LogSink } from '../log/event-log-lines.ts'
import { type CheckedOptions, hostLimits } from '../runner-options.ts'
import { databasePlace, defaultDurability } from '../start/database-choice.ts'

export interface PythonParts {
  readonly engine: Engine
  readonly registry: LiveRegistry
  readonly clock: Clock
  readonly log: LogSink
  readonly listeners: EventListeners
  readonly stopping: AbortSignal
  readonly scripts: () => readonly LoadTarget[]
}

export function openPython(options: CheckedOptions, parts: PythonParts): Promise<Scripting> {
  const { engine, registry, clock, log, listeners, stopping, scripts } = parts
  return openScripting({
    argv: [''],
    ...{ pythonChoice: options.python, pythonFor: options.pythonFor },
    ...{ interpreters: options.interpreters ?? 1, restrictions: options.restrictions },
    ...{ stopping, scripts, isProgram: false },
    ...{ limits: hostLimits(options), secrets: options.secrets, streams: options.streams },
    limitOverrides: options.limits ?? {},
    served: { database: databasePlace(options), engine },
    startsRunners: options.scriptRunners ?? true,
    notServed: (script) => registry.removeScript(script),
    reloaded: (loaded) => void registry.replaceScript(loaded.script, loaded),
    quarantined: (script, culprit, reason) => engine.events.emit('scriptQuarantined', { script, culprit, reason }),
    ...(options.stdoutTo && { stdoutTo: options.stdoutTo }),
    ...{ prefixesOutput: options.prefixOutput ?? false, output: options.output },
    durability: options.durability ?? defaultDurability(),
    ...{ registry, clock },
    watch: (events) => listeners.watch(events),
    alertsFor: (store, engineEvents, engineClock) => listeners.alertsFor(store, engineEvents, engineClock),
    notice: (message) => log({ level: 'warn', message }),
    preparing: (message, isDone) => log({ level: 'info', message, progress: isDone ? 'ended' : 'under way' }),
  })
}
