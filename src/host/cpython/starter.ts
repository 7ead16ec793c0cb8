/**
 * Starts a CPython of the machine's as an interpreter. Owned by `python-host.ts`. What it is, is found out when it is needed:
 * where it does not start, it is asked what it is, so that the message says what is wrong with it.
 */

import { localZoneName } from '../../border/local-zone.ts'
import type { LogLimits, ProcessSettings, ResourceCeilings, StartData } from '../../border/protocol.ts'
import type { Clock } from '../../engine/ports.ts'
import { HostError, toError } from '../../errors.ts'
import { packageDigest } from '../environment/package-digest.ts'
import { environmentFor } from '../environment/process-settings.ts'
import { cpythonKind, spawnCPython } from '../peers/cpython.ts'
import type { PeerKind } from '../peers/peer.ts'
import type { InterpreterEvents } from '../process/answers.ts'
import { InterpreterProcess } from '../process/interpreter-process.ts'
import { findExecutable, isCalledPython, pythonProblem, unusable } from './executable.ts'

/** A machine that is busy, and a launcher that looks for the right Python first, take seconds. */
const STARTS_WITHIN_MS = 30_000

export interface CPythonStarterOptions {
  readonly clock: Clock
  /** A name or a path. */
  readonly executable: string
  readonly process: ProcessSettings
  readonly stdoutTo: 'stdout' | 'stderr'
  readonly packageFolder: string
  readonly ceilings: ResourceCeilings
  readonly logLimits: LogLimits
  readonly prefixesOutput: boolean
  /** One line worth a log entry. */
  notice(message: string): void
}

export class CPythonStarter {
  readonly #options: CPythonStarterOptions
  /** Known once one is started. */
  #kind: PeerKind | null = null
  /** Those that were asked whether they are Python. */
  readonly #askedPaths = new Set<string>()
  readonly #saidAtStart = new Set<string>()

  constructor(options: CPythonStarterOptions) {
    this.#options = options
  }

  /** `spawned` hears of each process at once. Rejects with `INTERPRETER_START_FAILED`. */
  async start(
    events: Omit<InterpreterEvents, 'startNotice'>,
    spawned: (process: InterpreterProcess) => void,
  ): Promise<InterpreterProcess> {
    const { clock, executable, process, packageFolder, stdoutTo } = this.#options
    const environ = environmentFor(process)
    const path = findExecutable(executable, environ, process.cwd)
    await this.#ask(path, environ)
    this.#kind ??= cpythonKind(packageDigest(packageFolder), packageFolder)
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

  /** Whatever else is started prints something of its own, or does. */
  async #ask(path: string, environ: NodeJS.ProcessEnv): Promise<void> {
    if (isCalledPython(path) || this.#askedPaths.has(path)) return
    const problem = await pythonProblem(path, environ)
    if (problem !== null) throw unusable(this.#options.executable, problem)
    this.#askedPaths.add(path)
  }

  async #explained(path: string, environ: NodeJS.ProcessEnv, error: Error): Promise<HostError> {
    const problem = await pythonProblem(path, environ)
    const { executable } = this.#options
    if (problem !== null) return unusable(executable, problem, error)
    const message = error.message.replace(/^Python did not start/, `Python "${executable}" did not start`)
    return new HostError('INTERPRETER_START_FAILED', message, { cause: error })
  }

  #sayOnce(message: string): void {
    if (this.#saidAtStart.has(message)) return
    this.#saidAtStart.add(message)
    this.#options.notice(message)
  }

  #startData(): StartData {
    const { process, packageFolder, ceilings, logLimits, prefixesOutput } = this.#options
    const timeZone = localZoneName()
    // Its packages are those that it finds itself.
    const own = { ...process, sitePackages: [], handedDescriptors: [] }
    return {
      process: own,
      timeZone,
      packageFolder,
      isProgram: false,
      ceilings,
      logLimits,
      prefixesOutput,
      snapshotPath: null,
      grants: null,
    }
  }
}
