/** Options of the host of Python. Used by `python-host.ts` and its callers. */

import type { LoadTarget, ProcessSettings, ProgramTarget, RunningProgram } from '../border/protocol.ts'
import type { Clock } from '../engine/clock-port.ts'
import type { ScriptLineSink } from '../output/script-line.ts'
import type { PythonChoice } from './environment/python-choice.ts'
import type { ParentLines } from './parent/parent-peer.ts'
import type { HeadStart } from './peers/head-start.ts'
import type { HostLimits } from './process/host-limits.ts'
import type { Restrictions } from './restriction/restriction.ts'
import type { ScriptAnswer, ScriptCall } from './script-call.ts'
import type { GenerationEvents, LoadedScript } from './scripts/script-generations.ts'

interface HostEvents extends GenerationEvents {
  call(call: ScriptCall): Promise<ScriptAnswer>
  /** A script is loaded into a new interpreter. Its new declarations replace the old ones. */
  reloaded(script: LoadedScript): void
  /** A script could not be loaded into a new interpreter. Nothing of it is polled or run any more. */
  notServed(script: string): void
  /** A script got an interpreter of its own. `label`: the poll or task that caused it. */
  quarantined(script: string, label: string, reason: string): void
  /** Reports a step of the first start, which takes longer than later starts. */
  preparing(message: string, isDone: boolean): void
}

export interface HostOptions {
  readonly clock: Clock
  readonly process: ProcessSettings
  /** Whether the host is for one program, which has the terminal, instead of served scripts. */
  readonly isProgram: boolean
  readonly program?: ProgramTarget | RunningProgram | null
  scripts?(): readonly LoadTarget[]
  /** Lines to a program that already runs. Default null: Python is started. */
  readonly parent?: ParentLines | null
  /** Process of the first interpreter, if it was started already. */
  readonly headStart?: HeadStart | null
  /** Stream for the output of scripts. Default: stdout. */
  readonly stdoutTo?: 'stdout' | 'stderr'
  /** Whether a terminal shows the name of the task before each line. Default: false. */
  readonly prefixesOutput?: boolean
  /** Receives the output of scripts in place of the streams. Default: none. */
  readonly output?: ScriptLineSink | undefined
  /** Folder that contains the Python package `cloaca`. */
  readonly packageFolder: string
  /** Python that runs scripts. Default: Pyodide. */
  readonly python?: PythonChoice | undefined
  /** Python by file, folder or module. */
  readonly pythonFor?: Readonly<Record<string, PythonChoice>> | undefined
  /** Restrictions of scripts. Default: none. */
  readonly restrictions?: Restrictions
  /** Maximum number per Python, also limited by the number of scripts and by memory. */
  readonly interpreters: number
  /** Aborted by a caller that stops waiting for the start. */
  readonly stopping?: AbortSignal
  readonly limits: HostLimits
  readonly events: HostEvents
}
