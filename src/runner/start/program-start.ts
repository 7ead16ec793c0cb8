/** Starts the process of a program before other code is loaded, for `python-program.ts`. Called by the command line. */

import type { ProcessSettings } from '../../border/protocol.ts'
import { handedDescriptors } from '../../host/environment/python-launcher.ts'
import { HeadStart } from '../../host/peers/head-start.ts'
import { usualOptions } from '../../host/peers/pyodide.ts'
import { DEFAULT_LIMITS, type HostLimits, heapMebibytes, resourceCeilings } from '../../host/process/host-limits.ts'
import type { ProgramLimits } from './program-limits.ts'
import { scriptEnvironment, scriptProcess } from './script-process.ts'

export interface ProgramStart {
  /** Settings of the process as Python shows them. */
  readonly process: ProcessSettings
  /** Null if the restrictions of the process must be determined first. */
  readonly headStart: HeadStart | null
}

/** `notice` receives warnings about packages that are not used, and about a Python launcher that cannot be created. */
export function beginProgram(
  argv: readonly string[],
  notice: (message: string) => void,
  { python, restrict, restrictFor, ...given }: ProgramLimits,
): ProgramStart {
  const limits = { ...DEFAULT_LIMITS, ...given }
  const isRestricted = restrict != null || Object.keys(restrictFor ?? {}).length > 0
  const headStart = isRestricted ? null : startProcess(limits)
  return { process: scriptProcess(argv, notice, { python, memoryMebibytes: limits.memoryMebibytes }), headStart }
}

function startProcess(limits: HostLimits): HeadStart {
  const options = {
    ...{ isProgram: true, stdoutTo: 'stdout' as const },
    heapMebibytes: heapMebibytes(resourceCeilings(limits, true)),
    handedDescriptors: handedDescriptors(process.env),
  }
  return new HeadStart(usualOptions(options, { environ: scriptEnvironment() }))
}
