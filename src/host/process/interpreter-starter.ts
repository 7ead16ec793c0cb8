/**
 * Starts interpreters: the process first, which takes its time, and meanwhile the memory snapshot is looked for, or made.
 * Owned by `python-host.ts`. A snapshot that turns out to be damaged is removed, and not missed.
 */

import { closeSync } from 'node:fs'
import type { Grants } from '../../border/grants.ts'
import { localZoneName } from '../../border/local-zone.ts'
import type { LoadTarget, LogLimits, ProcessSettings, ResourceCeilings, StartData } from '../../border/protocol.ts'
import type { Clock } from '../../engine/ports.ts'
import { HostError, toError } from '../../errors.ts'
import { type Confinement, confinementProblem } from '../../native/restriction/confinement.ts'
import { compileCacheFolder } from '../environment/cache-folder.ts'
import {
  findSnapshot,
  prepareSnapshotFolder,
  removeSnapshot,
  snapshotPlaceFor,
  storeSnapshot,
} from '../environment/snapshot-cache.ts'
import type { HeadStart } from '../peers/head-start.ts'
import { PYODIDE, type PyodideOptions, spawnPyodide, usualOptions } from '../peers/pyodide.ts'
import { grantsOf, restrictedSettings } from '../restriction/granted.ts'
import { keptFiles } from '../restriction/kept.ts'
import { confinedFlags, confinementOf } from '../restriction/kernel-limits.ts'
import { restrictedFlags } from '../restriction/node-flags.ts'
import type { ScriptRestriction } from '../restriction/restriction.ts'
import type { InterpreterEvents } from './answers.ts'
import { heapMebibytes } from './host-limits.ts'
import { InterpreterChild } from './interpreter-child.ts'
import { InterpreterProcess } from './interpreter-process.ts'

export interface StarterOptions {
  readonly clock: Clock
  readonly process: ProcessSettings
  readonly isProgram: boolean
  readonly stdoutTo: 'stdout' | 'stderr'
  readonly packageFolder: string
  readonly ceilings: ResourceCeilings
  readonly logLimits: LogLimits
  readonly prefixesOutput: boolean
  /** What its scripts are held to, and the folder that they are loaded from; null where they may do what the process may. */
  readonly restriction?: ScriptRestriction | null
  /** All scripts and programs that this process loads or runs now. */
  scripts?(): readonly LoadTarget[]
  /** A process that was started for the first one. */
  readonly headStart?: HeadStart | null
  /** One line worth a log entry. */
  notice(message: string): void
  /** The first start takes longer than the others. Called before and after each of its steps; `isDone`: after the last one. */
  preparing(message: string, isDone: boolean): void
}

/** Nothing that Python does ends its process so: somebody else did. */
const SIGNALS_OF_OTHERS: ReadonlySet<NodeJS.Signals> = new Set(['SIGKILL', 'SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'])

/** Pyodide is loaded, modules are imported, and the snapshot is stored. */
const PREPARING_STEPS = 3

/** What one start is held to. */
interface Restricted {
  readonly grants: Grants
  readonly flags: readonly string[]
  readonly confinement: Confinement | null
}

type StartedEvents = Omit<InterpreterEvents, 'startNotice'>

export class InterpreterStarter {
  readonly #options: StarterOptions
  /** Looked for, or made, once an interpreter is on its way. */
  #snapshotPath: Promise<string | null> | null = null
  /** What interpreters said about their start, so that the others need not. */
  readonly #saidAtStart = new Set<string>()

  constructor(options: StarterOptions) {
    const { restriction = null, process } = options
    this.#options = restriction === null ? options : { ...options, process: restrictedSettings(process, restriction) }
  }

  /** `spawned` hears of each process at once. Rejects with `INTERPRETER_START_FAILED`. */
  async start(events: StartedEvents, spawned: (process: InterpreterProcess) => void): Promise<InterpreterProcess> {
    const restricted = await this.#restricted()
    const first = this.#spawn(events, spawned, restricted)
    this.#snapshotPath ??= ensureSnapshot(this.#options)
    // One that is ended meanwhile waits for no snapshot, which takes seconds to make.
    const path = (await Promise.race([this.#snapshotPath, first.started])) ?? null
    try {
      await first.start(this.#startData(path, restricted))
      this.#closeHanded()
      return first
    } catch (error) {
      if (first.endedBy === 'SIGINT' && this.#options.isProgram) throw interrupted()
      if (path === null || first.wasKilled) throw error
      const isToBlame = first.endedBy === null || !SIGNALS_OF_OTHERS.has(first.endedBy)
      const second = this.#spawn(events, spawned, restricted)
      await second.start(this.#startData(isToBlame ? null : path, restricted)) // when this fails too, the snapshot is not to blame
      this.#closeHanded()
      if (isToBlame) await this.#giveUpSnapshot(path, toError(error))
      return second
    }
  }

  async #giveUpSnapshot(path: string, error: Error): Promise<void> {
    if ((await this.#snapshotPath) !== null) this.#options.notice(damagedSnapshotNotice(path, error))
    this.#snapshotPath = Promise.resolve(null)
    removeSnapshot(path)
  }

  /** What holds for one start: a link may lead elsewhere at the next. Node is told at once which files it reads, its snapshot too. */
  async #restricted(): Promise<Restricted | null> {
    const { restriction = null, process, packageFolder, scripts = () => [] } = this.#options
    if (restriction === null) return null
    this.#snapshotPath ??= ensureSnapshot(this.#options)
    const snapshot = await this.#snapshotPath
    const kept = keptFiles(restriction.folder, { process, packageFolder, scripts: scripts() })
    const grants = grantsOf(restriction, [restriction.folder, packageFolder, ...process.sitePackages], kept)
    const files = [snapshot, compileCacheFolder(globalThis.process.env)].filter((path) => path !== null)
    const problem = confinementProblem()
    if (problem !== null) this.#sayOnce(unconfinedNotice(problem))
    return {
      grants,
      flags: restrictedFlags(grants, files),
      confinement: problem === null ? confinementOf(grants, files) : null,
    }
  }

  #spawn(
    events: StartedEvents,
    spawned: (process: InterpreterProcess) => void,
    restricted: Restricted | null,
  ): InterpreterProcess {
    const { handedDescriptors, environ } = this.#options.process
    const usual = pyodideOptions(this.#options, handedDescriptors)
    const options = restricted === null ? usual : { ...usual, ...restrictedOptions(restricted, environ) }
    const allEvents = { ...events, startNotice: (message: string) => this.#sayOnce(message) }
    const peer = this.#options.headStart?.take(options) ?? spawnPyodide(options)
    const interpreter = new InterpreterProcess(peer, PYODIDE, this.#options.clock, allEvents)
    spawned(interpreter)
    return interpreter
  }

  /** The interpreter has them: as long as this process had them too, nobody would see that Python closes one. */
  #closeHanded(): void {
    for (const descriptor of this.#options.process.handedDescriptors) {
      try {
        closeSync(descriptor)
      } catch {
        // closed after an earlier start
      }
    }
  }

  #sayOnce(message: string): void {
    if (this.#saidAtStart.has(message)) return
    this.#saidAtStart.add(message)
    this.#options.notice(message)
  }

  #startData(snapshotPath: string | null, restricted: Restricted | null): StartData {
    const { process, packageFolder, isProgram, ceilings, logLimits, prefixesOutput } = this.#options
    const timeZone = localZoneName()
    const grants = restricted?.grants ?? null
    return { process, timeZone, packageFolder, isProgram, ceilings, logLimits, prefixesOutput, snapshotPath, grants }
  }
}

/** By whoever started the program: a terminal sends it to both processes, and this one may hear of it first. */
function interrupted(): HostError {
  return new HostError('INTERPRETER_INTERRUPTED', 'Python did not start: it was interrupted.')
}

/** SQLite keeps what finds no room in memory in files of no name, in the folder that this variable of C's names. */
function restrictedOptions({ grants, flags, confinement }: Restricted, environ: NodeJS.ProcessEnv) {
  const folder = grants.write.find(({ isFolder }) => isFolder)?.real
  return {
    environ: folder === undefined ? environ : { ...environ, SQLITE_TMPDIR: folder },
    nodeFlags: confinement === null ? flags : [...flags, ...confinedFlags()],
    confinement,
  }
}

function unconfinedNotice(problem: string): string {
  return (
    `The kernel does not enforce the restrictions of scripts (${problem}). ` +
    'Only Node and cloaca enforce these restrictions.'
  )
}

function damagedSnapshotNotice(path: string, error: Error): string {
  const [cause] = error.message.split('\n')
  return `Removed the damaged memory snapshot "${path}"; Python starts without it: ${cause}`
}

/** The snapshot to start from: found, or made now. Null, with one notice, when there cannot be one. */
async function ensureSnapshot(options: StarterOptions): Promise<string | null> {
  const place = snapshotPlaceFor(options.packageFolder, process.env)
  try {
    const found = findSnapshot(place, options.clock.now(), options.notice)
    if (found !== null) return found
    prepareSnapshotFolder(place)
    options.preparing('preparing Python for the first start on this machine, which takes 5 to 30 s', false)
    const done = stepsOf(options)
    const snapshot = await makeSnapshot(options, done)
    const path = storeSnapshot(place, snapshot, options.clock.now())
    done(`snapshot of ${Math.round(snapshot.length / 1024 ** 2)} MiB stored`)
    return path
  } catch (error) {
    const cause = `Python starts slowly, because no memory snapshot could be made: ${toError(error).message}.`
    options.notice(`${cause} Set CLOACA_CACHE_DIR to a folder that only you can write to.`)
    return null
  }
}

/** Reports each step with its time. */
function stepsOf({ clock, preparing }: StarterOptions): (step: string) => void {
  let count = 0
  let before = clock.monotonic()
  return (step) => {
    const now = clock.monotonic()
    count++
    const seconds = ((now - before) / 1_000).toFixed(1)
    preparing(`preparing Python: ${count} of ${PREPARING_STEPS}, ${step} in ${seconds} s`, count === PREPARING_STEPS)
    before = now
  }
}

/** In a process of its own, which ends with it. */
function makeSnapshot(
  { packageFolder, ceilings, clock, process }: StarterOptions,
  done: (step: string) => void,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const options = pyodideOptions({ isProgram: false, stdoutTo: 'stderr', ceilings, process }, [])
    const child = new InterpreterChild(spawnPyodide(options), clock, {
      received(message) {
        if (message.type === 'snapshotStep') return done(message.done)
        if (message.type === 'snapshot') resolve(message.snapshot)
        if (message.type === 'fatal') reject(new Error(message.message))
        if (message.type !== 'hello') child.kill()
      },
      nearCeiling: () => undefined,
      ended: (reason) => reject(new Error(`the process that creates the snapshot ${reason}`)),
    })
    child.post({ type: 'makeSnapshot', packageFolder })
    child.unref() // who waits for it keeps the process alive, as long as anybody does
  })
}

function pyodideOptions(
  options: Pick<StarterOptions, 'isProgram' | 'stdoutTo' | 'ceilings' | 'process'>,
  handedDescriptors: readonly number[],
): PyodideOptions {
  const { isProgram, stdoutTo, ceilings, process } = options
  return usualOptions({ isProgram, stdoutTo, heapMebibytes: heapMebibytes(ceilings), handedDescriptors }, process)
}
