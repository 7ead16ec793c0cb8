/** Converts a thrown value to the fault of an outcome. The value may not be an error, and its getters may throw. */

import { fileURLToPath } from 'node:url'
import { inspect, types } from 'node:util'
import { ScriptError } from '../../errors.ts'
import { formatValue, shortenText } from '../../model/arguments.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { SourcePlace } from '../../model/workflow.ts'

/** Reason of an aborted `signal`: the time limit of the task or poll has passed. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}

/** Reason of an aborted `signal`: the execution was cancelled, or the runner stops. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError'
}

/**
 * Thrown by `tools.run` if a task has waited long for a child execution. The function has to end with it: do not catch
 * it, or throw it again. `finally` blocks run. The task starts again after the end of the child.
 */
export class ParkedError extends Error {
  override readonly name = 'ParkedError'
}

/** Maximum number of causes and of combined errors. */
const MAX_CAUSES = 10

/** `prefix`: beginning of the message, which names what failed. */
export function toPythonFault(thrown: unknown, prefix: string): PythonFault {
  if (!isError(thrown)) {
    const message = `${prefix}: ${shownThrown(thrown)} was thrown, which is not an Error`
    return { type: 'NonErrorThrown', message, traceback: '' }
  }
  if (isExitError(thrown)) {
    return { type: thrown.code, message: `${thrown.code}: ${thrown.message}`, traceback: traceOf(thrown) }
  }
  const type = read(() => thrown.name, 'Error')
  const text = read(() => thrown.message, '')
  const hint = FROZEN.test(text) && type === 'TypeError' ? FROZEN_HINT : ''
  return { type, message: `${prefix}: ${type}${text === '' ? '' : ': '}${text}${hint}`, traceback: traceOf(thrown) }
}

/** Whether an error was thrown in place of the end of the process. */
export function isExitError(thrown: unknown): thrown is ScriptError {
  return thrown instanceof ScriptError && thrown.code === 'PROCESS_EXIT'
}

/** Returns the log line for an error that nothing catches and that belongs to no task and no poll. */
export function uncaughtLine(thrown: unknown, origin: 'uncaughtException' | 'unhandledRejection') {
  const at = isError(thrown) ? errorPlace(thrown) : null
  const what = origin === 'unhandledRejection' ? 'unhandled rejection' : 'uncaught exception'
  const where = at === null ? '' : ` (${at.file}, line ${at.line})`
  const { message, traceback } = toPythonFault(thrown, `${what} outside of tasks and polls${where}`)
  // If no frame is in the user's files, the error is in cloaca: keep the frames that are hidden otherwise.
  const whole = at === null && isError(thrown) ? formatPlaces(read(() => thrown.stack, '')) : traceback
  return { message, traceback: whole }
}

/** Also recognizes errors of another realm. */
function isError(thrown: unknown): thrown is Error {
  if (types.isNativeError(thrown)) return true
  try {
    return thrown instanceof Error
  } catch {
    return false
  }
}

/** V8's messages about changes to frozen objects. */
const FROZEN = /read only property|object is not extensible|Cannot (delete|redefine|define) property/
const FROZEN_HINT = ' (a context cannot be changed; return the values to add to it)'

function shownThrown(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return formatValue(thrown)
  try {
    return shortenText(inspect(thrown, { depth: 1, breakLength: Number.POSITIVE_INFINITY }))
  } catch {
    return formatValue(thrown)
  }
}

function read(get: () => unknown, otherwise: string): string {
  try {
    const value = get()
    return typeof value === 'string' && value !== '' ? value : otherwise
  } catch {
    return otherwise
  }
}

function traceOf(error: Error): string {
  const lines: string[] = []
  const seen = new Set<unknown>()
  const add = (one: unknown, heading: string): void => {
    if (seen.size === MAX_CAUSES || seen.has(one)) return
    seen.add(one)
    if (!isError(one)) {
      lines.push(`${heading}${shownThrown(one)}`)
      return
    }
    lines.push(heading + ownStack(one))
    const { cause, errors } = innards(one)
    for (const each of errors) add(each, 'One of its errors: ')
    if (cause !== undefined) add(cause, 'Caused by: ')
  }
  add(error, '')
  return `${lines.join('\n')}\n`
}

function innards(error: Error): { readonly cause: unknown; readonly errors: readonly unknown[] } {
  try {
    const { cause, errors } = error as { readonly cause?: unknown; readonly errors?: unknown }
    return { cause, errors: Array.isArray(errors) ? errors : [] }
  } catch {
    return { cause: undefined, errors: [] }
  }
}

/** Returns the stack without frames of this package, and with paths in place of URLs. */
function ownStack(error: Error): string {
  const stack = read(() => error.stack, '')
  const head = `${read(() => error.name, 'Error')}: ${read(() => error.message, '')}`
  if (stack === '') return head
  return formatPlaces(stack)
    .split('\n')
    .filter((line) => !((line.startsWith('    at ') && line.includes(OWN_FOLDER)) || NODE_FRAME.test(line)))
    .join('\n')
}

/** Frame with a file path. */
const FILE_FRAME = /^ {4}at .*?\(?(\/[^()]*?|[A-Za-z]:[^()]*?):(\d+):\d+\)?$/gm

/** Returns the places of the user's frames, innermost first. */
export function userPlaces(traceback: string): readonly SourcePlace[] {
  return [...traceback.matchAll(FILE_FRAME)].map(([, file = '', line]) => ({ file, line: Number(line) }))
}

/** Returns the user's line that an error comes from, else that of a package. Null if unknown. */
export function errorPlace(error: Error): SourcePlace | null {
  const places = userPlaces(ownStack(error))
  return places.find(({ file }) => !/[\\/]node_modules[\\/]/.test(file)) ?? places[0] ?? null
}

const OWN_FOLDER = fileURLToPath(new URL('../../', import.meta.url))
const NODE_FRAME = /^ {4}at .*\(?node:(?:internal\/(?:async_local_storage|process)|async_hooks)/
const FILE_URL = /file:\/\/([^\s()?]+)(?:\?cloaca=\d+)?/g

/** Replaces file URLs by paths. */
export function formatPlaces(text: string): string {
  return text.replace(FILE_URL, (url: string, path: string) => {
    try {
      return decodeURIComponent(path)
    } catch {
      return url
    }
  })
}
