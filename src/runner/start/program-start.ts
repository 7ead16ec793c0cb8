/**
 * Starts the process that a program will run in, before everything is loaded that speaks with it: `program.ts` goes on from here.
 * Called by the command line.
 */

import type { ProcessSettings } from '../../border/protocol.ts'
import { handedDescriptors } from '../../host/environment/python-launcher.ts'
import { HeadStart } from '../../host/peers/head-start.ts'
import { usualOptions } from '../../host/peers/pyodide.ts'
import { ceilingsOf, DEFAULT_LIMITS, type HostLimits, heapMebibytes } from '../../host/process/host-limits.ts'
import type { ProgramLimits } from '../program.ts'
import { scriptEnvironment, scriptProcess } from './script-process.ts'

export interface ProgramStart {
  /** As Python shall see it. */
  readonly process: ProcessSettings
  /** Null where what the process may do has to be looked up first. */
  readonly headStart: HeadStart | null
}

/** `notice` hears of packages that are not used, and of what cannot be made. */
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
    heapMebibytes: heapMebibytes(ceilingsOf(limits, true)),
    handedDescriptors: handedDescriptors(process.env),
  }
  return new HeadStart(usualOptions(options, { environ: scriptEnvironment() }))
}
