/**
 * Starts the system's CPython as an interpreter. Owned by `python-host.ts`. If it does not start, the starter asks the
 * program for its version, so that the message states the cause.
 */

import { localZoneName } from '../../border/local-zone.ts'
import type { LogLimits, OutputMode, ProcessSettings, ResourceCeilings, StartData } from '../../border/protocol.ts'
import type { Clock } from '../../engine/clock-port.ts'
import { HostError, toError } from '../../errors.ts'
import { binaryPath } from '../../native/binary.ts'
import { packageDigest } from '../environment/package-digest.ts'
import { environmentFor } from '../environment/process-settings.ts'
import { cpythonKind, spawnCPython } from '../peers/cpython.ts'
import type { OutputTarget } from '../peers/output-pipes.ts'
import type { PeerKind } from '../peers/peer.ts'
import type { InterpreterEvents } from '../process/call-answers.ts'
import { InterpreterProcess } from '../process/interpreter-process.ts'
import { findExecutable, isCalledPython, pythonProblem, unusablePython } from './executable.ts'

/** Includes the seconds that a busy machine, or a launcher that looks for the right Python first, takes. */
const STARTS_WITHIN_MS = 30_000

export interface CPythonStarterOptions {
  readonly clock: Clock
  readonly executable: string
  readonly process: ProcessSettings
  readonly stdoutTo: OutputTarget
  readonly packageFolder: string
  readonly ceilings: ResourceCeilings
  readonly logLimits: LogLimits
  readonly killAfterMs: number | null
  readonly output: OutputMode
  notice(message: string): void
}

export class CPythonStarter {
  readonly #options: CPythonStarterOptions
  /** Null until the first one is started. */
  #kind: PeerKind | null = null
  readonly #askedPaths = new Set<string>()
  readonly #saidAtStart = new Set<string>()

  constructor(options: CPythonStarterOptions) {
    this.#options = options
  }

  /** Calls `spawned` immediately for each process. Rejects with `INTERPRETER_START_FAILED`. */
  async start(
    events: Omit<InterpreterEvents, 'startNotice'>,
    spawned: (process: InterpreterProcess) => void,
  ): Promise<InterpreterProcess> {
    const { clock, executable, process, packageFolder, stdoutTo } = this.#options
    const environ = environmentFor(process)
    const path = findExecutable(executable, environ, process.cwd)
    await this.#ask(path, environ)
    this.#kind ??= this.#makeKind()
    const peer = spawnCPython({ executable: path, packageFolder, stdoutTo, environ, cwd: process.cwd }, clock)
    const allEvents = { ...events, startNotice: (message: string) => this.#sayOnce(message) }
    const interpreter = new InterpreterProcess(peer, this.#kind, clock, allEvents)
    spawned(interpreter)
    let isLate = false
    const limit = clock.wakeAfter(STARTS_WITHIN_MS, () => {
      isLate = true
      interpreter.kill(`it did not respond within ${STARTS_WITHIN_MS / 1_000} s`)
    })
    try {
      await interpreter.start(this.#startData())
      return interpreter
    } catch (error) {
      if (interpreter.wasKilled && !isLate) throw error
      throw await this.#explained(path, environ, toError(error))
    } finally {
      limit.cancel()
    }
  }

  /** Checks a program that is not named python, because it may print or do something else when it starts. */
  async #ask(path: string, environ: NodeJS.ProcessEnv): Promise<void> {
    if (isCalledPython(path) || this.#askedPaths.has(path)) return
    const problem = await pythonProblem(path, environ)
    if (problem !== null) throw unusablePython(this.#options.executable, problem)
    this.#askedPaths.add(path)
  }

  async #explained(path: string, environ: NodeJS.ProcessEnv, error: Error): Promise<HostError> {
    const problem = await pythonProblem(path, environ)
    const { executable } = this.#options
    if (problem !== null) return unusablePython(executable, problem, error)
    const message = error.message.replace(/^Python did not start/, `Python "${executable}" did not start`)
    return new HostError('INTERPRETER_START_FAILED', message, { cause: error })
  }

  #sayOnce(message: string): void {
    if (this.#saidAtStart.has(message)) return
    this.#saidAtStart.add(message)
    this.#options.notice(message)
  }

  #makeKind(): PeerKind {
    const { packageFolder, killAfterMs } = this.#options
    const kind = cpythonKind(packageDigest(packageFolder), packageFolder)
    return killAfterMs === null ? kind : { ...kind, killAfterMs }
  }

  #startData(): StartData {
    const { process, packageFolder, ceilings, logLimits, output } = this.#options
    const timeZone = localZoneName()
    const own = { ...process, sitePackages: [], handedDescriptors: [] }
    return {
      process: own,
      timeZone,
      packageFolder,
      addonPath: binaryPath,
      isProgram: false,
      ceilings,
      logLimits,
      output,
      snapshotPath: null,
      grants: null,
    }
  }
}
