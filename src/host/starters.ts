/** Makes the starter of interpreters for each Python. Used by `python-host.ts`. */

import type { OutputMode } from '../border/protocol.ts'
import { CPythonStarter } from './cpython/starter.ts'
import type { ScriptPython } from './environment/python-choice.ts'
import type { HostOptions } from './host-options.ts'
import { ParentStarter } from './parent/parent-starter.ts'
import { resourceCeilings } from './process/host-limits.ts'
import { InterpreterStarter } from './process/interpreter-starter.ts'

export type Starter = Pick<InterpreterStarter, 'start'>

export function starterFor(choice: ScriptPython, options: HostOptions): Starter {
  const { clock, process, isProgram, parent = null, packageFolder, limits, events } = options
  const starting = {
    ...{ clock, process, packageFolder },
    ceilings: resourceCeilings(limits, isProgram),
    killAfterMs: limits.killAfterMs,
    logLimits: limits.logs,
    output: outputMode(options),
    notice: events.notice,
  }
  if (parent !== null) return new ParentStarter({ ...starting, lines: parent })
  const stdoutTo = options.output ? 'engine' : (options.stdoutTo ?? 'stdout')
  if (choice.kind === 'cpython') return new CPythonStarter({ ...starting, stdoutTo, executable: choice.executable })
  const { restriction } = choice
  const { headStart = null, scripts = () => [] } = options
  return new InterpreterStarter({
    ...starting,
    ...{ isProgram, stdoutTo, restriction, headStart, scripts },
    preparing: events.preparing,
  })
}

function outputMode({ output, prefixesOutput }: HostOptions): OutputMode {
  if (output) return output.takesRecords ? 'sentWithRecords' : 'sent'
  return prefixesOutput ? 'prefixed' : 'written'
}
