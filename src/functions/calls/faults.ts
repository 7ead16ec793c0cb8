/**
 * What was thrown, as the fault that an outcome has. Anything may be thrown, and nothing of it is trusted: it may be no error,
 * and its getters may throw, too.
 */

import { fileURLToPath } from 'node:url'
import { inspect, types } from 'node:util'
import { ScriptError } from '../../errors.ts'
import { shortened, shownValue } from '../../model/arguments.ts'
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

/** Errors that an error was caused by, and those that it is made of. */
const MOST_CAUSES = 10

/** `prefix`: what failed, as a sentence begins. */
export function faultOf(thrown: unknown, prefix: string): PythonFault {
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

/** The error that a function sees in which the process was to end. */
export function isExitError(thrown: unknown): thrown is ScriptError {
  return thrown instanceof ScriptError && thrown.code === 'PROCESS_EXIT'
}

/** Returns the log line for an error that nothing catches and that belongs to no task and no poll. */
export function uncaughtLine(thrown: unknown, origin: 'uncaughtException' | 'unhandledRejection') {
  const at = isError(thrown) ? placeOf(thrown) : null
  const what = origin === 'unhandledRejection' ? 'unhandled rejection' : 'uncaught exception'
  const where = at === null ? '' : ` (${at.file}, line ${at.line})`
  const { message, traceback } = faultOf(thrown, `${what} outside of tasks and polls${where}`)
  // If no frame is in the user's files, the error is in cloaca: keep the frames that are hidden otherwise.
  const whole = at === null && isError(thrown) ? shownPlaces(read(() => thrown.stack, '')) : traceback
  return { message, traceback: whole }
}

/** The errors of another realm are errors as well. */
function isError(thrown: unknown): thrown is Error {
  if (types.isNativeError(thrown)) return true
  try {
    return thrown instanceof Error
  } catch {
    return false
  }
}

/** What V8 says of a change to something frozen. */
const FROZEN = /read only property|object is not extensible|Cannot (delete|redefine|define) property/
const FROZEN_HINT = ' (a context cannot be changed; return the values to add to it)'

function shownThrown(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return shownValue(thrown)
  try {
    return shortened(inspect(thrown, { depth: 1, breakLength: Number.POSITIVE_INFINITY }))
  } catch {
    return shownValue(thrown)
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
    if (seen.size === MOST_CAUSES || seen.has(one)) return
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

/** Without our own part of it, and with files as a person names them. */
function ownStack(error: Error): string {
  const stack = read(() => error.stack, '')
  const head = `${read(() => error.name, 'Error')}: ${read(() => error.message, '')}`
  if (stack === '') return head
  return shownPlaces(stack)
    .split('\n')
    .filter((line) => !((line.startsWith('    at ') && line.includes(OWN_FOLDER)) || NODE_FRAME.test(line)))
    .join('\n')
}

/** A frame with a file, as a stack has it without URLs. */
const FILE_FRAME = /^ {4}at .*?\(?(\/[^()]*?|[A-Za-z]:[^()]*?):(\d+):\d+\)?$/gm

/** Places of the user's frames in a traceback, from the inside out. */
export function placesIn(traceback: string): readonly SourcePlace[] {
  return [...traceback.matchAll(FILE_FRAME)].map(([, file = '', line]) => ({ file, line: Number(line) }))
}

/** The line of the user's that an error comes from: that of a package only if there is no other. Null if it is not known. */
export function placeOf(error: Error): SourcePlace | null {
  const places = placesIn(ownStack(error))
  return places.find(({ file }) => !/[\\/]node_modules[\\/]/.test(file)) ?? places[0] ?? null
}

/** Of this package's code. */
const OWN_FOLDER = fileURLToPath(new URL('../../', import.meta.url))
const NODE_FRAME = /^ {4}at .*\(?node:(?:internal\/(?:async_local_storage|process)|async_hooks)/
const FILE_URL = /file:\/\/([^\s()?]+)(?:\?cloaca=\d+)?/g

/** A text with file URLs as paths. */
export function shownPlaces(text: string): string {
  return text.replace(FILE_URL, (url: string, path: string) => {
    try {
      return decodeURIComponent(path)
    } catch {
      return url
    }
  })
}
