/**
 * Writes returned values of tasks and polls, and states of triggers, as JSON. Rejects other values with their path and
 * a fix. Each property is read once, because getters and proxies may return another value the next time.
 */

import { shortenText } from '../model/arguments.ts'
import { MAX_CONTEXT_DEPTH } from '../model/plain-json.ts'

/** Thrown for a value that is not JSON. `path`: place of the value, starting at the context. */
class NotJson extends TypeError {
  override readonly name = 'TypeError'
  readonly path: string

  constructor(path: string, why: string, options?: ErrorOptions) {
    super(`${path}: ${why}`, options)
    this.path = path
  }
}

/** Texts of an object's members by name, in order. */
export type MemberTexts = ReadonlyMap<string, string>

/** Returns the members of a plain object. Throws `NotJson` for other values, also inside. */
export function memberTexts(value: unknown, name: string): MemberTexts {
  return new Writing(name).members(value)
}

export function objectText(value: unknown, name: string): string {
  return textWithMembers(memberTexts(value, name))
}

/** Returns the text of a value. Throws `NotJson` for other values, also inside. */
export function valueText(value: unknown, name: string): string {
  return new Writing(name).text(value)
}

export function textWithMembers(members: MemberTexts): string {
  return `{${[...members].map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(',')}}`
}

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u
const MAX_EXACT_INTEGER = BigInt(Number.MAX_SAFE_INTEGER)

class Writing {
  readonly #name: string
  /** Path of the value that is being written. */
  readonly #path: (string | number)[] = []
  readonly #around: object[] = []

  constructor(name: string) {
    this.#name = name
  }

  members(value: unknown): MemberTexts {
    if (typeof value !== 'object' || value === null) throw this.#refused(notAnObject(value))
    if (this.#read(() => Array.isArray(value))) throw this.#refused(`a ${this.#name} must be an object, not an array`)
    this.#around.push(value)
    this.#requirePlain(value)
    const texts = new Map<string, string>()
    this.#eachMember(value as Readonly<Record<string, unknown>>, (key, text) => texts.set(key, text))
    return texts
  }

  text(value: unknown): string {
    switch (typeof value) {
      case 'string':
        return JSON.stringify(this.#wellFormed(value))
      case 'boolean':
        return value ? 'true' : 'false'
      case 'number':
        if (Number.isFinite(value)) return JSON.stringify(value)
        throw this.#refused(`${value} is not a JSON value; use null, or a string`)
      case 'bigint':
        if (value <= MAX_EXACT_INTEGER && value >= -MAX_EXACT_INTEGER) return value.toString()
        throw this.#refused(`${value}n exceeds 2^53, so JavaScript would read a different number; use a string`)
      case 'object':
        return value === null ? 'null' : this.#container(value)
      default:
        throw this.#refused(noJson(value))
    }
  }

  #container(value: object): string {
    if (this.#around.includes(value)) throw this.#refused('it contains itself, which JSON cannot represent')
    if (this.#around.length === MAX_CONTEXT_DEPTH) {
      throw this.#refused(`it is nested deeper than ${MAX_CONTEXT_DEPTH} levels, including the context itself`)
    }
    const isArray = this.#read(() => Array.isArray(value))
    this.#around.push(value)
    const text = isArray ? this.#array(value as readonly unknown[]) : this.#object(value)
    this.#around.pop()
    return text
  }

  #array(values: readonly unknown[]): string {
    if (this.#read(() => Object.getPrototypeOf(values)) !== Array.prototype && !this.#isForeign(values)) {
      throw this.#refused(`an instance of ${this.#className(values)} is not a JSON value; use [...list]`)
    }
    this.#refuseToJson(values)
    const length = this.#read(() => values.length)
    let text = '['
    for (let index = 0; index < length; index++) {
      this.#path.push(index)
      if (!this.#read(() => index in values)) throw this.#refused('the array has no element here; use null')
      text += (index === 0 ? '' : ',') + this.text(this.#read(() => values[index]))
      this.#path.pop()
    }
    return `${text}]`
  }

  #object(value: object): string {
    this.#requirePlain(value)
    let text = ''
    this.#eachMember(value as Readonly<Record<string, unknown>>, (key, member) => {
      text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${member}`
    })
    return `{${text}}`
  }

  #eachMember(value: Readonly<Record<string, unknown>>, use: (key: string, text: string) => void): void {
    for (const key of this.#read(() => Reflect.ownKeys(value))) {
      if (typeof key === 'symbol') {
        throw this.#refused(`its key ${String(key)} is a symbol, which JSON cannot represent; use a string`)
      }
      if (!this.#read(() => Object.prototype.propertyIsEnumerable.call(value, key))) continue
      this.#path.push(key)
      this.#wellFormed(key)
      use(key, this.text(this.#read(() => value[key])))
      this.#path.pop()
    }
  }

  #requirePlain(value: object): void {
    const prototype: unknown = this.#read(() => Object.getPrototypeOf(value))
    if (prototype !== Object.prototype && prototype !== null && !this.#isForeign(value)) {
      throw this.#refused(instanceRefusal(this.#className(value)))
    }
    this.#refuseToJson(value)
  }

  /** Returns whether it is a plain object or array of another realm, such as that of `node:vm`. */
  #isForeign(value: object): boolean {
    return this.#read(() => {
      const prototype: unknown = Object.getPrototypeOf(value)
      if (typeof prototype !== 'object' || prototype === null) return false
      const name = (prototype as { readonly constructor?: { readonly name?: unknown } }).constructor?.name
      const isTop = Object.getPrototypeOf(Array.isArray(value) ? Object.getPrototypeOf(prototype) : prototype) === null
      return isTop && (name === 'Object' || name === 'Array')
    })
  }

  /** Rejects `toJSON`, because the stored value would not match the declared type. */
  #refuseToJson(value: object): void {
    const toJson = this.#read(() => (value as { readonly toJSON?: unknown }).toJSON)
    if (typeof toJson === 'function') throw this.#refused('it has a toJSON method; return the result of that method')
  }

  #className(value: object): string {
    const name = this.#read(() => (value as { readonly constructor?: { readonly name?: unknown } }).constructor?.name)
    return typeof name === 'string' && name !== '' ? shortenText(name) : 'a class'
  }

  #wellFormed(text: string): string {
    if (text.isWellFormed()) return text
    throw this.#refused(
      `it contains half of a surrogate pair, which is not valid text: ${JSON.stringify(shortenText(text))}`,
    )
  }

  #read<Result>(read: () => Result): Result {
    try {
      return read()
    } catch (cause) {
      throw this.#refused(`it cannot be read: ${shortenText(messageOf(cause))}`, cause)
    }
  }

  #refused(why: string, cause?: unknown): NotJson {
    const path = this.#path.reduce<string>((before, key) => {
      if (typeof key === 'number') return `${before}[${key}]`
      return IDENTIFIER.test(key) ? `${before}.${key}` : `${before}[${JSON.stringify(key)}]`
    }, this.#name)
    return new NotJson(shortenText(path), why, cause === undefined ? {} : { cause })
  }
}

/** Replacements for the most common classes. */
const INSTEAD: Readonly<Record<string, string>> = {
  Date: 'a Date is not a JSON value; use .toISOString()',
  Map: 'a Map is not a JSON value; use Object.fromEntries(map)',
  Set: 'a Set is not a JSON value; use [...set]',
  URL: 'a URL is not a JSON value; use .href',
  RegExp: 'a RegExp is not a JSON value; use .source',
  Promise: 'a Promise is not a JSON value; await it first',
  Buffer: "a Buffer is not a JSON value; use .toString('base64')",
  Uint8Array: 'a Uint8Array is not a JSON value; use Array.from(bytes), or a string',
}

function instanceRefusal(className: string): string {
  return INSTEAD[className] ?? `an instance of ${className} is not a JSON value; return a plain object with its data`
}

function noJson(value: unknown): string {
  if (value === undefined) return 'undefined is not a JSON value; omit the key, or use null'
  if (typeof value === 'function') return 'a function is not a JSON value; return its result'
  return `a ${typeof value} is not a JSON value; use a string`
}

function notAnObject(value: unknown): string {
  if (value === null) return 'a context must be an object, not null; return an object, or nothing'
  return `a context must be an object, not a ${typeof value}; return an object, or nothing`
}

function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown)
  } catch {
    return 'the thrown value cannot be displayed'
  }
}
