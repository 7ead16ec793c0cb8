/**
 * Makes JavaScript's own objects unchangeable in a restricted interpreter, so that a script which obtains one of them
 * cannot change how other code uses it. Called when everything is loaded, before the first line of a script.
 *
 * A property of a frozen prototype cannot be assigned in objects that inherit it, but much code does that
 * (`error.name = …`). So the properties of prototypes first become accessors, whose setter defines the property in the
 * object itself. Node's own `--frozen-intrinsics` does the same, but freezes before Pyodide is loaded.
 *
 * Proved by `test/restricted/node.test.ts`.
 */

import dgram from 'node:dgram'
import dns from 'node:dns'
import { EventEmitter } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import stream from 'node:stream'
import tls from 'node:tls'

const OF_LANGUAGE = [
  'Object Function Array Number Boolean String Symbol BigInt Date RegExp Promise Proxy Reflect JSON Math Atomics ' +
    'Intl Iterator',
  'Map Set WeakMap WeakSet WeakRef FinalizationRegistry ArrayBuffer SharedArrayBuffer DataView WebAssembly Temporal',
  'Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float16Array Float32Array ' +
    'Float64Array',
  'BigInt64Array BigUint64Array Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError ' +
    'URIError',
  'SuppressedError DisposableStack AsyncDisposableStack eval parseInt parseFloat isNaN isFinite',
  'encodeURI encodeURIComponent decodeURI decodeURIComponent escape unescape',
].flatMap((names) => names.split(' '))

/** Classes of Node whose objects hold sockets, files and bytes. */
const OF_NODE: readonly (object | undefined)[] = [
  EventEmitter,
  ...[stream.Stream, stream.Readable, stream.Writable, stream.Duplex, stream.Transform],
  ...[net.Socket, net.Server, tls.TLSSocket, tls.Server, dgram.Socket, dns.Resolver],
  ...[fs.Stats, fs.Dirent, fs.ReadStream, fs.WriteStream],
  Buffer,
]

/**
 * Properties that code assigns in objects that inherit them. Except in `Object.prototype`, only these become accessors:
 * V8 looks up `then` or `next` much slower if it is an accessor.
 */
const OFTEN_ASSIGNED: ReadonlySet<string> = new Set(['constructor', 'toString', 'toJSON', 'valueOf', 'name', 'message'])

type Changeable = Record<PropertyKey, unknown>

/** Also freezes `others`, classes and objects, with their prototypes, but no values that they hold. */
export function freezeIntrinsics(others: readonly object[]): void {
  const ofLanguage = new Set<object>()
  for (const name of OF_LANGUAGE) {
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, name)
    if (descriptor === undefined) continue
    if (isObject(descriptor.value)) collectReachable(descriptor.value, ofLanguage)
    Object.defineProperty(globalThis, name, { writable: false, configurable: false })
  }
  for (const each of withoutNames()) collectReachable(each, ofLanguage)
  const ofClasses = new Set<object>()
  for (const each of [...OF_NODE, ...others]) collectClass(each, ofClasses)
  for (const each of ofLanguage)
    if (isPrototype(each)) allowOverrides(each, each === Object.prototype ? null : OFTEN_ASSIGNED)
  for (const each of ofClasses) if (isPrototype(each) && !ofLanguage.has(each)) allowOverrides(each, null)
  for (const each of [...ofLanguage, ...ofClasses]) freezeConfigurable(each)
}

/** Intrinsic objects that cannot be reached from a name of the global object. */
function withoutNames(): readonly object[] {
  const iterators = [
    [][Symbol.iterator](),
    ''[Symbol.iterator](),
    new Map().keys(),
    new Set().keys(),
    'a'.matchAll(/a/g),
  ]
  const functions = [() => undefined, async () => undefined, function* () {}, async function* () {}]
  return [...iterators, ...functions].map((each): object => Object.getPrototypeOf(each))
}

/** Collects an object and everything that its properties, accessors and prototypes lead to. */
function collectReachable(object: object, found: Set<object>): void {
  if (found.has(object)) return
  found.add(object)
  const next: unknown[] = [Object.getPrototypeOf(object)]
  for (const { value, get, set } of Object.values(Object.getOwnPropertyDescriptors(object))) next.push(value, get, set)
  for (const each of next) if (isObject(each)) collectReachable(each, found)
}

function collectClass(object: object | undefined, found: Set<object>): void {
  for (let each: unknown = object; isObject(each) && !found.has(each); each = Object.getPrototypeOf(each)) {
    found.add(each)
    const { prototype } = each as { readonly prototype?: unknown }
    if (isObject(prototype)) collectClass(prototype, found)
  }
}

/** Returns whether an object is the prototype of a class, to which its property `constructor` leads back. */
function isPrototype(object: object): boolean {
  const owner = Object.getOwnPropertyDescriptor(object, 'constructor')?.value as unknown
  return object === Object.prototype || (isObject(owner) && (owner as { prototype?: unknown }).prototype === object)
}

/** `names`: properties that inheriting objects may assign; null for all. */
function allowOverrides(prototype: object, names: ReadonlySet<string> | null): void {
  for (const key of Reflect.ownKeys(prototype)) {
    if (names !== null && (typeof key === 'symbol' || !names.has(key))) continue
    const descriptor = Object.getOwnPropertyDescriptor(prototype, key)
    if (descriptor === undefined || !('value' in descriptor) || !descriptor.configurable || !descriptor.writable)
      continue
    const { value, enumerable = false } = descriptor
    Object.defineProperty(prototype, key, {
      configurable: false,
      enumerable,
      get: () => value as unknown,
      set(this: Changeable, given: unknown) {
        if (this === prototype) throw new TypeError(`"${String(key)}" cannot be changed in a restricted process`)
        Object.defineProperty(this, key, { value: given, writable: true, enumerable: true, configurable: true })
      },
    })
  }
}

/**
 * Freezes an object, except for the length of stack traces, which Pyodide sets, and properties that inheriting objects
 * assign and that cannot become accessors (a symbol of Node's `EventEmitter`).
 */
function freezeConfigurable(object: object): void {
  for (const key of Reflect.ownKeys(object)) {
    const descriptor = Object.getOwnPropertyDescriptor(object, key)
    if (descriptor?.configurable !== true || key === 'stackTraceLimit') continue
    Object.defineProperty(object, key, { configurable: false, ...('value' in descriptor && { writable: false }) })
  }
  Object.preventExtensions(object)
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
