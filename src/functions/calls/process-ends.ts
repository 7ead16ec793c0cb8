/**
 * Calls that end the process, and uncaught errors: within a call of a script's function they end only that call, which
 * Node's async context identifies. Other code is not affected.
 *
 * The context, as observed in Node 24.21 and 26.10:
 * - Uncaught exception: that of the code that threw. Timers, immediates, ticks, microtasks and listeners of sockets run
 *   in the context in which they were set, and a listener of a signal in that of the first listener of this signal.
 * - Unhandled rejection: that of the code that rejected the promise, not of the code that created it. If a client that
 *   all tasks share rejects a promise in its own context, the rejection belongs to no call.
 */

import { syncBuiltinESMExports } from 'node:module'
import { constants } from 'node:os'
import { type ErrorFacts, ScriptError } from '../../errors.ts'
import { errorPlace, isExitError } from './faults.ts'

export interface EndScope {
  /** Ends the call, and returns the error to throw in place of ending the process. */
  exited(exit: ProcessExit): ScriptError
  /** Takes an error that was thrown in the background of the call, where nothing catches it. */
  failedInBackground(thrown: unknown): void
}

/** Call that would have ended the process. */
export interface ProcessExit {
  /** Text such as `process.exit(3)`. */
  readonly text: string
  readonly exitCode: number
}

type ScopeOf = () => EndScope | undefined
type Method = (...args: unknown[]) => unknown

/** Exit code of a process that a signal ended, without the number of the signal. */
const SIGNALLED = 128
/** Signals that ask a process to end, even if they have a listener. */
const ASKS_TO_END: ReadonlySet<string> = new Set(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGBREAK'])
/** Signals that do not end a process by default of the system or of Node. */
const HARMLESS: ReadonlySet<string> = new Set([
  'SIGCHLD',
  'SIGCONT',
  'SIGURG',
  'SIGWINCH',
  'SIGUSR1',
  'SIGPIPE',
  'SIGXFSZ',
])

/** Returns the error thrown in place of the end of the process. `end`: complete end of the sentence. */
export function exitError(label: string, { text, exitCode }: ProcessExit, end: string): ScriptError {
  const at = errorPlace(new Error())
  const where = at === null ? '' : ` (${at.file}, line ${at.line})`
  const facts: ErrorFacts = { exitCode, ...(at !== null && { file: at.file, line: at.line }) }
  return new ScriptError('PROCESS_EXIT', `${label} called ${text}${where}${end}`, facts)
}

/** Replaces the methods of `process` that end it. Returns a function that restores them. */
export function captureExits(scopeOf: ScopeOf): () => void {
  const undo = [
    captured('exit', scopeOf, (args) => exitOf('exit', args)),
    captured('reallyExit', scopeOf, (args) => exitOf('reallyExit', args)),
    captured('abort', scopeOf, () => ({ text: 'process.abort()', exitCode: SIGNALLED + constants.signals.SIGABRT })),
    captured('kill', scopeOf, killOf),
  ]
  syncBuiltinESMExports() // for import { exit } from 'node:process'
  return () => {
    for (const each of undo) each()
    syncBuiltinESMExports()
  }
}

function captured(
  name: string,
  scopeOf: ScopeOf,
  exitBy: (args: readonly unknown[]) => ProcessExit | null,
): () => void {
  const methods = process as unknown as Record<string, Method>
  const original = methods[name]
  if (original === undefined) return () => undefined
  const replacement = function (this: unknown, ...args: unknown[]): unknown {
    const scope = scopeOf()
    const exit = scope === undefined ? null : exitBy(args)
    if (scope === undefined || exit === null) return Reflect.apply(original, this, args)
    throw scope.exited(exit)
  }
  methods[name] = replacement
  return () => {
    if (methods[name] === replacement) methods[name] = original
  }
}

function exitOf(name: string, [code]: readonly unknown[]): ProcessExit {
  const text = `process.${name}(${code === undefined ? '' : String(code)})`
  return { text, exitCode: Number(code ?? process.exitCode ?? 0) }
}

/** Returns null for a signal to another process, and for one that does not end this process. */
function killOf([pid, given = 'SIGTERM']: readonly unknown[]): ProcessExit | null {
  const isOwn = Math.abs(Number(pid)) === process.pid || Number(pid) === 0
  const known = Object.entries(constants.signals).find((signal) => signal.includes(given as string | number))
  if (!isOwn || known === undefined) return null
  const [name, number] = known
  const isHeard = process.listenerCount(name) > 0
  if (HARMLESS.has(name) || (isHeard && !ASKS_TO_END.has(name))) return null
  return { text: `process.kill(${pid === process.pid ? 'process.pid' : pid}, '${name}')`, exitCode: SIGNALLED + number }
}

/**
 * Handles events of `process` before its listeners do. A listener would change errors of other code: without any, Node
 * ends the process with its own message and exit code.
 */
export function captureUncaught(scopeOf: ScopeOf): void {
  const { emit } = process
  const replacement = function (this: unknown, name: string | symbol, ...args: unknown[]): boolean {
    if (name === 'uncaughtException' || name === 'unhandledRejection') {
      const [thrown] = args
      const scope = scopeOf()
      scope?.failedInBackground(thrown)
      if (scope !== undefined || isExitError(thrown)) return true
    } else if (name === 'exit') refuseExit(scopeOf(), args)
    return Reflect.apply(emit, this, [name, ...args]) as boolean
  }
  Object.defineProperty(process, 'emit', { value: replacement, configurable: true, writable: true })
}

/** Stops a `process.exit` that was read before it was replaced. It emits this event first. */
function refuseExit(scope: EndScope | undefined, args: readonly unknown[]): void {
  if (scope === undefined) return
  ;(process as { _exiting?: boolean })._exiting = false // else Node drops the queue of process.nextTick
  process.exitCode = undefined
  throw scope.exited(exitOf('exit', args))
}
