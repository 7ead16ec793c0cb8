/**
 * Runs a script as `python script.py` does: the script is the program, and opens runners of its own. Or serves one that a
 * Python of the machine's runs already. Called by the command line's `run` and `engine`.
 */

import type { ProgramTarget, PythonOptions, RunningProgram } from '../border/protocol.ts'
import { EngineEvents } from '../engine/events.ts'
import type { StreamBackends } from '../engine/graphs/streams.ts'
import { restrictedCPython } from '../host/environment/python-choice.ts'
import type { ParentLines } from '../host/parent/parent-peer.ts'
import { DEFAULT_LIMITS, type HostLimits } from '../host/process/host-limits.ts'
import type { Restriction } from '../host/restriction/restriction.ts'
import { LiveRegistry } from '../registry/live-registry.ts'
import type { SecretProvider } from '../secrets/provider.ts'
import { secretProvider } from '../secrets/secret-source.ts'
import { streamBackends } from '../streams/backends.ts'
import { openSpans } from '../tracing/open-spans.ts'
import { clockOf, type Durability, defaultDurability, openScripting } from './composition.ts'
import { KeepAlive } from './keep-alive.ts'
import { type LogSink, watchForLog } from './log-lines.ts'
import { requireNode } from './node-version.ts'
import { checkedRestrictions } from './restriction/restrictions.ts'
import type { ProgramStart } from './start/program-start.ts'

/** How long the end of a program waits for spans that are on their way. */
const SPANS_WITHIN_MS = 5_000
/** A message names no more of what a file declares. */
const MOST_NAMES = 6

export type { ProgramTarget, PythonOptions } from '../border/protocol.ts'
/** @internal */
export type { ParentLines } from '../host/parent/parent-peer.ts'

/** Options of `startProgram`, with the defaults of `RunnerOptions`. */
export type ProgramLimits = Partial<Pick<HostLimits, 'memoryMebibytes' | 'threads'>> & {
  readonly durability?: Durability
  /**
   * Restriction, as in `RunnerOptions`. The program can always read the folder of its file, or without a file the
   * current folder.
   */
  readonly restrict?: Restriction | null
  /**
   * Restrictions for single files, folders or modules, as in `RunnerOptions`. Entries that do not match the program are
   * ignored.
   */
  readonly restrictFor?: Readonly<Record<string, Restriction | null>>
  /** Source of secrets, as in `RunnerOptions`. */
  readonly secrets?: SecretProvider | string | null
  readonly streams?: StreamBackends
  /** Options of the Python interpreter. */
  readonly python?: PythonOptions
}

/** Running Python program. */
export interface Program {
  /**
   * Resolves when the program has ended and its runners are closed: with the exit code, or with the negative number of
   * the signal that killed it.
   */
  readonly exitCode: Promise<number>
  /** Sends a signal to the program. */
  signal(signum: number): void
  /**
   * Sends a signal to the program. Resolves with the time in milliseconds for which the program has not handled a
   * signal.
   */
  interrupt(signum: number): Promise<number>
}

/** Starts a Python program, as `cloaca run` does. Rejects with a `HostError` if Python does not start. */
export function startProgram(target: ProgramTarget, log: LogSink, limits: ProgramLimits = {}): Promise<Program> {
  return openProgram(target, {}, log, limits)
}

/**
 * The same, where its process was started already, under the same limits.
 * @internal
 */
export function continueProgram(
  start: ProgramStart,
  target: ProgramTarget,
  log: LogSink,
  limits: ProgramLimits = {},
): Promise<Program> {
  return openProgram(target, { start }, log, limits)
}

/**
 * Serves the program that has started this process and has handed it its lines, until that ends. Rejects with
 * `INTERPRETER_START_FAILED` when the two are of different versions.
 * @internal
 */
export function serveParent(lines: ParentLines, log: LogSink, limits: ProgramLimits = {}): Promise<Program> {
  return openProgram({ kind: 'running' }, { parent: lines }, log, limits)
}

async function openProgram(
  target: ProgramTarget | RunningProgram,
  begun: { readonly parent?: ParentLines; readonly start?: ProgramStart },
  log: LogSink,
  { durability = defaultDurability(), python, restrict, restrictFor, secrets, streams, ...limits }: ProgramLimits,
): Promise<Program> {
  requireNode()
  if (target.kind === 'running' && restrict != null) throw restrictedCPython('python')
  const events = new EngineEvents()
  watchForLog(events, log)
  const registry = new LiveRegistry()
  const alive = new KeepAlive()
  const spans = openSpans(clockOf(events), (message) => log({ level: 'warn', message }))
  const opening = openScripting({
    clock: clockOf(events),
    argv: target.kind === 'running' ? [] : target.argv,
    python,
    interpreters: 1,
    restrictions: checkedRestrictions({ restrict, restrictFor }),
    ...{ isProgram: true, program: target },
    ...begun,
    limits: { ...DEFAULT_LIMITS, ...limits },
    served: null,
    startsRunners: true,
    reloaded: () => undefined,
    notServed: () => undefined,
    quarantined: () => undefined,
    durability,
    secrets: secretProvider(secrets),
    streams: streamBackends(streams),
    registry,
    watch: (events) => {
      watchForLog(events, log)
      void spans.then((found) => found?.watch(events))
    },
    notice: (message) => log({ level: 'warn', message }),
    preparing: (message, isDone) => log({ level: 'info', message, progress: isDone ? 'ended' : 'under way' }),
  })
  const { host, runners } = await alive.during(opening)
  const ended = host.runProgram(target).finally(async () => {
    await runners.close((message) => log({ level: 'error', message }))
    await (await spans)?.flush(SPANS_WITHIN_MS)
    await host.close() // when everything that was declared is known
  })
  const reported = ended.then((code) => {
    const hint = code === 0 && !runners.haveOpened ? onlyDeclares(target, registry) : null
    if (hint !== null) log({ level: 'warn', message: hint })
    return code
  })
  const exitCode = alive.during(reported)
  const interrupt = (signum: number) => host.signalProgram(signum)
  return { exitCode, signal: (signum) => void interrupt(signum), interrupt }
}

/** What to do with a file that declares something and is not a program; null when it is one. */
function onlyDeclares(target: ProgramTarget | RunningProgram, registry: LiveRegistry): string | null {
  const { triggers, workflows, graphs } = registry.current()
  const declared = [triggers, workflows, graphs.reactors, graphs.graphs].flatMap((each) => [...each.keys()])
  if (target.kind !== 'file' || declared.length === 0) return null
  const named = declared.slice(0, MOST_NAMES).map((name) => `"${name}"`)
  const left = declared.length - named.length
  const names = left === 0 ? named.join(', ') : `${named.join(', ')} and ${left.toLocaleString('en')} more`
  const [path] = target.argv
  return `${path} declares ${names} and opens no runner, so nothing was run. To serve it: cloaca serve ${path}`
}
