/**
 * Gives the host the program that has started this engine for an interpreter. Used by `python-host.ts`, in place of what starts
 * interpreters. There is one, once: a program that has ended is not started again.
 */

import type { LogLimits, ProcessSettings, ResourceCeilings } from '../../border/protocol.ts'
import type { Clock } from '../../engine/ports.ts'
import { HostError } from '../../errors.ts'
import { packageDigest } from '../environment/package-digest.ts'
import type { InterpreterEvents } from '../process/answers.ts'
import { InterpreterProcess } from '../process/interpreter-process.ts'
import { type ParentLines, ParentPeer, parentKind } from './parent-peer.ts'

/** The program has its process already: nothing of it is made. */
export const SETTINGS_OF_PARENT: ProcessSettings = Object.freeze({
  environ: {},
  argv: [],
  cwd: '',
  executable: '',
  hostname: '',
  user: '',
  uid: 0,
  gid: 0,
  euid: 0,
  egid: 0,
  groups: [],
  umask: 0,
  cpuCount: 0,
  terminalSize: null,
  pythonPath: [],
  sitePackages: [],
  python: { environ: {}, flags: {}, xOptions: [] },
  handedDescriptors: [],
  bytecodeFolder: '',
})

export interface ParentOptions {
  readonly lines: ParentLines
  readonly clock: Clock
  readonly process: ProcessSettings
  readonly packageFolder: string
  readonly ceilings: ResourceCeilings
  readonly logLimits: LogLimits
  readonly prefixesOutput: boolean
  /** One line worth a log entry. */
  notice(message: string): void
}

export class ParentStarter {
  readonly #options: ParentOptions
  #refusal: string | null = null

  constructor(options: ParentOptions) {
    this.#options = options
  }

  /** Rejects with `INTERPRETER_START_FAILED` where the program and this engine do not belong together. */
  async start(
    events: Omit<InterpreterEvents, 'startNotice'>,
    spawned: (process: InterpreterProcess) => void,
  ): Promise<InterpreterProcess> {
    const { lines, clock, packageFolder, notice } = this.#options
    const kind = parentKind(packageDigest(packageFolder), (reason) => {
      this.#refusal = reason
    })
    const program = new InterpreterProcess(new ParentPeer(lines, clock), kind, clock, {
      ...events,
      startNotice: notice,
    })
    spawned(program)
    try {
      await program.start(this.#startData())
    } catch (error) {
      if (this.#refusal === null) throw error
      throw new HostError('INTERPRETER_START_FAILED', this.#refusal, { cause: error })
    }
    return program
  }

  #startData() {
    const { process, packageFolder, ceilings, logLimits, prefixesOutput } = this.#options
    const ofProgram = { isProgram: true, timeZone: '', snapshotPath: null, grants: null }
    return { process, packageFolder, ceilings, logLimits, prefixesOutput, ...ofProgram }
  }
}
