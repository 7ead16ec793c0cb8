/**
 * Starts interpreters. While a process starts, its memory snapshot is found or made. Owned by `python-host.ts`. A
 * damaged snapshot is removed.
 */

import { closeSync } from 'node:fs'
import type { Grants } from '../../border/grants.ts'
import { localZoneName } from '../../border/local-zone.ts'
import type {
  LoadTarget,
  LogLimits,
  OutputMode,
  ProcessSettings,
  ResourceCeilings,
  StartData,
} from '../../border/protocol.ts'
import type { Clock } from '../../engine/clock-port.ts'
import { HostError, toError } from '../../errors.ts'
import { type Confinement, confinementProblem } from '../../native/restriction/confinement.ts'
import { printedLines } from '../../output/printed-lines.ts'
import { compileCacheFolder } from '../environment/cache-folder.ts'
import {
  findSnapshot,
  prepareSnapshotFolder,
  removeSnapshot,
  snapshotPlaceFor,
  storeSnapshot,
} from '../environment/snapshot-cache.ts'
import type { HeadStart } from '../peers/head-start.ts'
import type { OutputTarget } from '../peers/output-pipes.ts'
import { PYODIDE, type PyodideOptions, spawnPyodide, usualOptions } from '../peers/pyodide.ts'
import { resolveGrants, restrictedSettings } from '../restriction/granted.ts'
import { keptFiles } from '../restriction/kept.ts'
import { confinedFlags, kernelConfinement } from '../restriction/kernel-limits.ts'
import { restrictedFlags } from '../restriction/node-flags.ts'
import type { ScriptRestriction } from '../restriction/restriction.ts'
import type { InterpreterEvents } from './call-answers.ts'
import { heapMebibytes } from './host-limits.ts'
import { InterpreterChild } from './interpreter-child.ts'
import { InterpreterProcess } from './interpreter-process.ts'

export interface StarterOptions {
  readonly clock: Clock
  readonly process: ProcessSettings
  readonly isProgram: boolean
  readonly stdoutTo: OutputTarget
  readonly packageFolder: string
  readonly ceilings: ResourceCeilings
  readonly logLimits: LogLimits
  readonly killAfterMs: number | null
  readonly output: OutputMode
  /** Restrictions of its scripts and the folder that they are loaded from; null for none. */
  readonly restriction?: ScriptRestriction | null
  scripts?(): readonly LoadTarget[]
  readonly headStart?: HeadStart | null
  notice(message: string): void
  /** Called before and after each step of the first start, which takes longer than later ones. `isDone`: at the end. */
  preparing(message: string, isDone: boolean): void
}

/** Signals that only another process sends. Nothing that Python does ends its process with them. */
const SIGNALS_OF_OTHERS: ReadonlySet<NodeJS.Signals> = new Set(['SIGKILL', 'SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'])

/** Steps: Pyodide is loaded, modules are imported, the snapshot is stored. */
const PREPARING_STEPS = 3

interface Restricted {
  readonly grants: Grants
  readonly flags: readonly string[]
  readonly confinement: Confinement | null
}

type StartedEvents = Omit<InterpreterEvents, 'startNotice'>

export class InterpreterStarter {
  readonly #options: StarterOptions
  #snapshotPath: Promise<string | null> | null = null
  /** Messages about the start that were already reported. */
  readonly #saidAtStart = new Set<string>()

  constructor(options: StarterOptions) {
    const { restriction = null, process } = options
    this.#options = restriction === null ? options : { ...options, process: restrictedSettings(process, restriction) }
  }

  /** Calls `spawned` immediately for each process. Rejects with `INTERPRETER_START_FAILED`. */
  async start(events: StartedEvents, spawned: (process: InterpreterProcess) => void): Promise<InterpreterProcess> {
    const restricted = await this.#restricted()
    const first = this.#spawn(events, spawned, restricted)
    this.#snapshotPath ??= ensureSnapshot(this.#options)
    // An interpreter that ends early does not wait for the snapshot, which takes seconds to make.
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
      await second.start(this.#startData(isToBlame ? null : path, restricted)) // fails too: not due to the snapshot
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

  /** Computed for each start, because links may change. Node gets the list of readable files at its start. */
  async #restricted(): Promise<Restricted | null> {
    const { restriction = null, process, packageFolder, scripts = () => [] } = this.#options
    if (restriction === null) return null
    this.#snapshotPath ??= ensureSnapshot(this.#options)
    const snapshot = await this.#snapshotPath
    const kept = keptFiles(restriction.folder, { process, packageFolder, scripts: scripts() })
    const grants = resolveGrants(restriction, [restriction.folder, packageFolder, ...process.sitePackages], kept)
    const files = [snapshot, compileCacheFolder(globalThis.process.env)].filter((path) => path !== null)
    const problem = confinementProblem()
    if (problem !== null) this.#sayOnce(unconfinedNotice(problem))
    return {
      grants,
      flags: restrictedFlags(grants, files),
      confinement: problem === null ? kernelConfinement(grants, files) : null,
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
    const { killAfterMs, clock } = this.#options
    const kind = killAfterMs === null ? PYODIDE : { ...PYODIDE, killAfterMs }
    const interpreter = new InterpreterProcess(peer, kind, clock, allEvents)
    spawned(interpreter)
    return interpreter
  }

  /** Closes descriptors that the interpreter has, because copies here would hide that Python closes one. */
  #closeHanded(): void {
    for (const descriptor of this.#options.process.handedDescriptors) {
      try {
        closeSync(descriptor)
      } catch {
        // Ignored: it was closed after an earlier start
      }
    }
  }

  #sayOnce(message: string): void {
    if (this.#saidAtStart.has(message)) return
    this.#saidAtStart.add(message)
    this.#options.notice(message)
  }

  #startData(snapshotPath: string | null, restricted: Restricted | null): StartData {
    const { process, packageFolder, isProgram, ceilings, logLimits, output } = this.#options
    const timeZone = localZoneName()
    const grants = restricted?.grants ?? null
    const data = { process, timeZone, packageFolder, isProgram, ceilings, logLimits, output, snapshotPath, grants }
    return { ...data, addonPath: null }
  }
}

/** Returns the error for a signal from the terminal, which this process may receive first. */
function interrupted(): HostError {
  return new HostError('INTERPRETER_INTERRUPTED', 'Python did not start: it was interrupted.')
}

/** SQLite stores data that exceeds its memory in unnamed files, in the folder that this variable names. */
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

/** Finds or makes the snapshot. Returns null, with one notice, if that is not possible. */
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

/** Makes the snapshot in a separate process. */
function makeSnapshot(
  { packageFolder, ceilings, clock, process, stdoutTo, notice }: StarterOptions,
  done: (step: string) => void,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const target = stdoutTo === 'engine' ? 'engine' : 'stderr'
    const peer = spawnPyodide(pyodideOptions({ isProgram: false, stdoutTo: target, ceilings, process }, []))
    const lines = printedLines(
      'stderr',
      ({ message }) => notice(message),
      () => ({}),
    )
    for (const pipe of [peer.output?.stdout, peer.output?.stderr]) {
      pipe?.stream.on('data', (chunk: Buffer) => lines.write(0, chunk)).on('end', () => lines.end())
    }
    const child = new InterpreterChild(peer, clock, {
      received(message) {
        if (message.type === 'snapshotStep') return done(message.done)
        if (message.type === 'snapshot') resolve(message.snapshot)
        // Uncoded: the reason why an interpreter does not start
        if (message.type === 'fatal') reject(new Error(message.message))
        if (message.type !== 'hello') child.kill()
      },
      nearCeiling: () => undefined,
      // Uncoded: the reason why an interpreter does not start
      ended: (reason) => reject(new Error(`the process that creates the snapshot ${reason}`)),
    })
    child.post({ type: 'makeSnapshot', packageFolder })
    child.unref() // the waiting caller keeps the engine's process alive
  })
}

function pyodideOptions(
  options: Pick<StarterOptions, 'isProgram' | 'stdoutTo' | 'ceilings' | 'process'>,
  handedDescriptors: readonly number[],
): PyodideOptions {
  const { isProgram, stdoutTo, ceilings, process } = options
  return usualOptions({ isProgram, stdoutTo, heapMebibytes: heapMebibytes(ceilings), handedDescriptors }, process)
}
