/**
 * What was thrown, as the fault that an outcome has. Anything may be thrown, and nothing of it is trusted: it may be no error,
 * and its getters may throw, too.
 */

import { fileURLToPath } from 'node:url'
import { inspect, types } from 'node:util'
import { shortened, shownValue } from '../../model/arguments.ts'
import type { PythonFault } from '../../model/fault.ts'

/** Why the signal of a poll or attempt is aborted that takes too long. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}

/** Why the signal of an attempt is aborted whose execution is cancelled, and that of a poll whose runner stops. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError'
}

/** Errors that an error was caused by, and those that it is made of. */
const MOST_CAUSES = 10

/** `prefix`: what failed, as a sentence begins. */
export function faultOf(thrown: unknown, prefix: string): PythonFault {
  if (!isError(thrown)) {
    const message = `${prefix}: ${shownThrown(thrown)} was thrown, which is no Error`
    return { type: 'NonErrorThrown', message, traceback: '' }
  }
  const type = read(() => thrown.name, 'Error')
  const text = read(() => thrown.message, '')
  const hint = FROZEN.test(text) && type === 'TypeError' ? FROZEN_HINT : ''
  return { type, message: `${prefix}: ${type}${text === '' ? '' : ': '}${text}${hint}`, traceback: traceOf(thrown) }
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
const FROZEN_HINT = ' (a context cannot be changed: return what the task adds to it)'

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
