/** What the host of Python is opened with. Used by `python-host.ts` and by whoever opens one. */

import type { LoadTarget, ProcessSettings, ProgramTarget, RunningProgram } from '../border/protocol.ts'
import type { Clock } from '../engine/ports.ts'
import type { PythonChoice } from './environment/python-choice.ts'
import type { ParentLines } from './parent/parent-peer.ts'
import type { HeadStart } from './peers/head-start.ts'
import type { HostLimits } from './process/host-limits.ts'
import type { Restrictions } from './restriction/restriction.ts'
import type { ScriptAnswer, ScriptCall } from './script-call.ts'
import type { GenerationEvents, LoadedScript } from './scripts/script-generations.ts'

export interface HostEvents extends GenerationEvents {
  /** Answers a call of a script. */
  call(call: ScriptCall): Promise<ScriptAnswer>
  /** A script is there again in a new interpreter: what it declares takes the place of what it declared. */
  reloaded(script: LoadedScript): void
  /** A script could not be loaded into a new interpreter: nothing of it is polled or run any more. */
  notServed(script: string): void
  /** A script lives in an interpreter of its own from now on. `label`: the poll or task because of which. */
  quarantined(script: string, label: string, reason: string): void
  /** The first start takes longer than the others. */
  preparing(message: string, isDone: boolean): void
}

export interface HostOptions {
  readonly clock: Clock
  readonly process: ProcessSettings
  /** It is for one program, which has the terminal; else for scripts that are served. */
  readonly isProgram: boolean
  /** The program, where it is for one. */
  readonly program?: ProgramTarget | RunningProgram | null
  /** All scripts and programs that this process loads or runs now. */
  scripts?(): readonly LoadTarget[]
  /** The program runs already, and is at the other end of these. Null, the default: Python is started. */
  readonly parent?: ParentLines | null
  /** The process of the first interpreter, where it was started already. */
  readonly headStart?: HeadStart | null
  /** Where what scripts print goes; stdout when it is not said. */
  readonly stdoutTo?: 'stdout' | 'stderr'
  /** At a terminal each line that a task prints says whose it is. Default: it does not. */
  readonly prefixesOutput?: boolean
  /** Folder that holds the Python package `cloaca`. */
  readonly packageFolder: string
  /** What runs scripts; Pyodide when it is not said. */
  readonly python?: PythonChoice | undefined
  /** The same for what is loaded from these files, folders and modules. */
  readonly pythonFor?: Readonly<Record<string, PythonChoice>> | undefined
  /** What scripts are held to; nothing when it is not said. */
  readonly restrictions?: Restrictions
  /** At most, of each Python; no more than there are scripts, and than there is memory for. */
  readonly interpreters: number
  /** Aborted by who does not wait for the start any more. */
  readonly stopping?: AbortSignal
  readonly limits: HostLimits
  readonly events: HostEvents
}
