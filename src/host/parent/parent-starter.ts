/**
 * Returns the program that started this engine as the only interpreter. Used by `python-host.ts` in place of a starter.
 * After its end the program is not started again.
 */

import type { LogLimits, OutputMode, ProcessSettings, ResourceCeilings } from '../../border/protocol.ts'
import type { Clock } from '../../engine/clock-port.ts'
import { HostError } from '../../errors.ts'
import { packageDigest } from '../environment/package-digest.ts'
import type { InterpreterEvents } from '../process/call-answers.ts'
import { InterpreterProcess } from '../process/interpreter-process.ts'
import { type ParentLines, ParentPeer, parentKind } from './parent-peer.ts'

/** Empty settings: the program already has its process. */
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
  readonly output: OutputMode
  notice(message: string): void
}

export class ParentStarter {
  readonly #options: ParentOptions
  #refusal: string | null = null

  constructor(options: ParentOptions) {
    this.#options = options
  }

  /** Rejects with `INTERPRETER_START_FAILED` if the program and this engine are of different installations. */
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
    const { process, packageFolder, ceilings, logLimits, output } = this.#options
    const ofProgram = { isProgram: true, timeZone: '', snapshotPath: null, grants: null, addonPath: null }
    return { process, packageFolder, ceilings, logLimits, output, ...ofProgram }
  }
}
