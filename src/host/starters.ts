/** What starts the interpreters of each Python. Used by `python-host.ts`. */

import { CPythonStarter } from './cpython/starter.ts'
import type { ScriptPython } from './environment/python-choice.ts'
import type { HostOptions } from './host-options.ts'
import { ParentStarter } from './parent/parent-starter.ts'
import { ceilingsOf } from './process/host-limits.ts'
import { InterpreterStarter } from './process/interpreter-starter.ts'

export type Starter = Pick<InterpreterStarter, 'start'>

export function starterFor(choice: ScriptPython, options: HostOptions): Starter {
  const { clock, process, isProgram, parent = null, packageFolder, limits, events } = options
  const starting = {
    ...{ clock, process, packageFolder },
    ceilings: ceilingsOf(limits, isProgram),
    logLimits: limits.logs,
    prefixesOutput: options.prefixesOutput ?? false,
    notice: events.notice,
  }
  if (parent !== null) return new ParentStarter({ ...starting, lines: parent })
  const stdoutTo = options.stdoutTo ?? 'stdout'
  if (choice.kind === 'cpython') return new CPythonStarter({ ...starting, stdoutTo, executable: choice.executable })
  const { restriction } = choice
  const { headStart = null, scripts = () => [] } = options
  return new InterpreterStarter({
    ...starting,
    ...{ isProgram, stdoutTo, restriction, headStart, scripts },
    preparing: events.preparing,
  })
}
