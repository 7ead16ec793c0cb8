/**
 * Copies a JavaScript value as JSON, and refuses what is none with the path to it. Used for contexts.
 * Each property is read once, so that the copy is what was checked: getters and proxies may give something else, or
 * throw, the next time. A plain object with a `toJSON` method stands for what that returns, as for `JSON.stringify`.
 */

import { UsageError } from '../errors.ts'
import { shortened, shownValue } from './arguments.ts'
import type { JsonValue } from './context.ts'

/** Levels of nesting, the outermost value being the first: more are not read by the codec, and not by Python. */
export const MAX_DEPTH = 512

/** Throws `INVALID_CONTEXT` with the path of the first value that is not JSON, and with what reading it threw as the cause. */
export function plainJson(value: unknown, name: string): JsonValue {
  return new Copying(name).copy(value)
}

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u

class Copying {
  readonly #name: string
  /** Where the value is that is copied now. */
  readonly #path: (string | number)[] = []
  /** The containers that it is in. */
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
    if (this.#around.length === MAX_DEPTH) {
      throw this.#refused(`is nested deeper than ${MAX_DEPTH} levels, including the context itself`)
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
    // Without a prototype, so that "__proto__" is a key as any other.
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

  /** What a plain object or an array stands for; any other object is refused. */
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
      `contains half of a surrogate pair, which is not valid text: ${JSON.stringify(shortened(text))}`,
    )
  }

  #read<Result>(read: () => Result): Result {
    try {
      return read()
    } catch (cause) {
      throw this.#refused(`cannot be read: ${shortened(messageOf(cause))}`, cause)
    }
  }

  #refused(why: string, cause?: unknown): UsageError {
    const path = this.#path.reduce<string>((before, key) => {
      if (typeof key === 'number') return `${before}[${key}]`
      return IDENTIFIER.test(key) ? `${before}.${key}` : `${before}[${JSON.stringify(key)}]`
    }, this.#name)
    const message = `A context must contain only JSON values, but "${shortened(path)}" ${why}.`
    return new UsageError('INVALID_CONTEXT', message, { path, ...(cause === undefined ? {} : { cause }) })
  }
}

const NOT_PLAIN = Symbol('not plain')

function noJson(value: unknown): string {
  return `is ${shownValue(value)}: convert it to a string or a number first`
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : shownValue(thrown)
}
