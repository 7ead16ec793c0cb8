/**
 * Runs a script as `python script.py` does: the script is the program, and opens its own runners. Or serves a program
 * that already runs in the system's CPython. Called by the commands `run` and `engine`.
 */

import type { ProgramTarget, RunningProgram } from '../border/protocol.ts'
import { EngineEvents } from '../engine/engine-events.ts'
import { restrictedCPython } from '../host/environment/python-choice.ts'
import type { ParentLines } from '../host/parent/parent-peer.ts'
import { DEFAULT_LIMITS } from '../host/process/host-limits.ts'
import { checkedRestrictions } from '../host/restriction/checked-restrictions.ts'
import { LiveRegistry } from '../registry/live-registry.ts'
import { secretProvider } from '../secrets/secret-source.ts'
import { streamBackends } from '../streams/backends.ts'
import { openSpans } from '../tracing/open-spans.ts'
import { makeRunnerClock, openScripting } from './composition.ts'
import { KeepAlive } from './keep-alive.ts'
import { type LogSink, watchForLog } from './log/event-log-lines.ts'
import { defaultDurability } from './start/database-choice.ts'
import { requireNode } from './start/node-version.ts'
import type { ProgramLimits } from './start/program-limits.ts'
import type { ProgramStart } from './start/program-start.ts'

/** Maximum time in which the end of a program waits for spans that are being sent. */
const SPANS_WITHIN_MS = 5_000
/** Maximum number of names in a message. */
const MAX_NAMES = 6

export type { ProgramTarget, PythonOptions } from '../border/protocol.ts'
/** @internal */
export type { ParentLines } from '../host/parent/parent-peer.ts'

/** Running Python program. */
export interface Program {
  /** Resolves when the program and its runners have ended, with the exit code, or the negative number of a signal. */
  readonly exitCode: Promise<number>
  /** Sends a signal to the program. */
  signal(signum: number): void
  /** Sends a signal to the program. Resolves with the milliseconds for which the program has not handled a signal. */
  interrupt(signum: number): Promise<number>
}

/** Starts a Python program, as `cloaca run` does. Rejects with a `HostError` if Python does not start. */
export function startProgram(target: ProgramTarget, log: LogSink, limits: ProgramLimits = {}): Promise<Program> {
  return openProgram(target, {}, log, limits)
}

/**
 * Continues a program whose process was already started, with the same limits.
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
 * Serves the program that started this process and passed its lines to it, until the program ends. Rejects with
 * `INTERPRETER_START_FAILED` if the versions of the two differ.
 * @internal
 */
export function serveParent(lines: ParentLines, log: LogSink, limits: ProgramLimits = {}): Promise<Program> {
  return openProgram({ kind: 'running' }, { parent: lines }, log, limits)
}

async function openProgram(
  target: ProgramTarget | RunningProgram,
  begun: { readonly parent?: ParentLines; readonly start?: ProgramStart },
  log: LogSink,
  { durability = defaultDurability(), python, restrict, restrictFor, ...others }: ProgramLimits,
): Promise<Program> {
  const { secrets, streams, limits, ...given } = others
  requireNode()
  if (target.kind === 'running' && restrict != null) throw restrictedCPython('python')
  const events = new EngineEvents()
  watchForLog(events, log)
  const registry = new LiveRegistry()
  const alive = new KeepAlive()
  const spans = openSpans(makeRunnerClock(events), (message) => log({ level: 'warn', message }))
  const opening = openScripting({
    clock: makeRunnerClock(events),
    argv: target.kind === 'running' ? [] : target.argv,
    python,
    interpreters: 1,
    restrictions: checkedRestrictions({ restrict, restrictFor }),
    ...{ isProgram: true, program: target },
    ...begun,
    limits: { ...DEFAULT_LIMITS, ...given },
    limitOverrides: limits ?? {},
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

/** Returns advice for a file that only declares and is not a program. Null if it is a program. */
function onlyDeclares(target: ProgramTarget | RunningProgram, registry: LiveRegistry): string | null {
  const { triggers, workflows, graphs } = registry.current()
  const declared = [triggers, workflows, graphs.reactors, graphs.graphs].flatMap((each) => [...each.keys()])
  if (target.kind !== 'file' || declared.length === 0) return null
  const named = declared.slice(0, MAX_NAMES).map((name) => `"${name}"`)
  const left = declared.length - named.length
  const names = left === 0 ? named.join(', ') : `${named.join(', ')} and ${left.toLocaleString('en')} more`
  const [path] = target.argv
  return `${path} declares ${names} and opens no runner, so nothing was run. To serve it: cloaca serve ${path}`
}
