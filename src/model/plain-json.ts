/**
 * Copies a JavaScript value as JSON, or rejects it with the path of the first value that is not JSON. For contexts.
 * Reads each property once, since getters and proxies may return another value, or throw, the next time. Like
 * `JSON.stringify`, calls `toJSON` of plain objects.
 */

import { UsageError } from '../errors.ts'
import { formatValue, shortenText } from './arguments.ts'

/** JSON value. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }
/** JSON object, such as the context of an execution. */
export type JsonObject = { readonly [key: string]: JsonValue }

/** Maximum levels of nesting, including the outermost value. The codec and Python reject deeper values. */
export const MAX_CONTEXT_DEPTH = 512

/** Throws `INVALID_CONTEXT` with the path of the first value that is not JSON. The cause is the error of reading it. */
export function plainJson(value: unknown, name: string): JsonValue {
  return new Copying(name).copy(value)
}

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u

class Copying {
  readonly #name: string
  /** Path of the value that is being copied. */
  readonly #path: (string | number)[] = []
  /** Containers of that value. */
  readonly #around: object[] = []

  constructor(name: string) {
    this.#name = name
  }

  copy(value: unknown): JsonValue {
    if (value === null || typeof value === 'boolean') return value
    if (typeof value === 'string') return this.#text(value)
    if (typeof value === 'number' && Number.isFinite(value)) return value
    if (typeof value !== 'object') throw this.#refused(noJson(value))
    if (this.#around.includes(value)) throw this.#refused('contains itself')
    if (this.#around.length === MAX_CONTEXT_DEPTH) {
      throw this.#refused(`is nested deeper than ${MAX_CONTEXT_DEPTH} levels, including the context itself`)
    }
    this.#around.push(value)
    const source = this.#stoodFor(value)
    const copy = source === value ? this.#container(value) : this.copy(source)
    this.#around.pop()
    return copy
  }

  #container(value: object): JsonValue {
    if (this.#read(() => Array.isArray(value))) return this.#array(value as readonly unknown[])
    return this.#object(value as Readonly<Record<string, unknown>>)
  }

  #array(values: readonly unknown[]): JsonValue {
    const length = this.#read(() => values.length)
    const copy: JsonValue[] = []
    for (let index = 0; index < length; index++) copy.push(this.#member(index, () => values[index]))
    return copy
  }

  #object(value: Readonly<Record<string, unknown>>): JsonValue {
    // Without a prototype, so that "__proto__" is an ordinary key.
    const copy: Record<string, JsonValue> = Object.create(null)
    for (const key of this.#read(() => Object.keys(value))) {
      copy[this.#text(key)] = this.#member(key, () => value[key])
    }
    return copy
  }

  #member(key: string | number, read: () => unknown): JsonValue {
    this.#path.push(key)
    const copy = this.copy(this.#read(read))
    this.#path.pop()
    return copy
  }

  /** Returns the value that represents a plain object or an array. Rejects any other object. */
  #stoodFor(value: object): unknown {
    const toJson = this.#read(() => {
      const prototype: unknown = Object.getPrototypeOf(value)
      const isPlain = Array.isArray(value) || prototype === Object.prototype || prototype === null
      return isPlain ? (value as { readonly toJSON?: unknown }).toJSON : NOT_PLAIN
    })
    if (toJson === NOT_PLAIN) throw this.#refused(noJson(value))
    if (typeof toJson !== 'function') return value
    return this.#read(() => Reflect.apply(toJson, value, [String(this.#path.at(-1) ?? '')]))
  }

  #text(text: string): string {
    if (text.isWellFormed()) return text
    throw this.#refused(
      `contains half of a surrogate pair, which is not valid text: ${JSON.stringify(shortenText(text))}`,
    )
  }

  #read<Result>(read: () => Result): Result {
    try {
      return read()
    } catch (cause) {
      throw this.#refused(`cannot be read: ${shortenText(messageOf(cause))}`, cause)
    }
  }

  #refused(why: string, cause?: unknown): UsageError {
    const path = this.#path.reduce<string>((before, key) => {
      if (typeof key === 'number') return `${before}[${key}]`
      return IDENTIFIER.test(key) ? `${before}.${key}` : `${before}[${JSON.stringify(key)}]`
    }, this.#name)
    const subject = this.#name === 'context' ? 'A context' : `"${this.#name}"`
    const message = `${subject} must contain only JSON values, but "${shortenText(path)}" ${why}.`
    return new UsageError('INVALID_CONTEXT', message, { path, ...(cause === undefined ? {} : { cause }) })
  }
}

const NOT_PLAIN = Symbol('not plain')

function noJson(value: unknown): string {
  return `is ${formatValue(value)}: convert it to a string or a number first`
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : formatValue(thrown)
}
