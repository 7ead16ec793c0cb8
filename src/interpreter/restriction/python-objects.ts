/**
 * What Python reaches of JavaScript in a restricted interpreter: the host's functions, and what they return. From any ordinary object a
 * way leads through `constructor` to `Function`, and through a prototype to what everybody uses. So the host's objects have no
 * prototype, and Python sees no attribute that leads to one, and sets none.
 *
 * Rests on names that are not public API of Pyodide (seen in 314.0.7): where they are missing, a restricted interpreter does not start.
 *
 * Proved by `test/restricted/escapes.test.ts`.
 */

import type { loadPyodide } from 'pyodide'
import type { Host } from '../python-border.ts'

type Functions = Readonly<Record<string, unknown>>

/** How Python's code in C asks JavaScript for attributes. A key is the address of its text, in UTF-8. */
interface AttributeImports {
  JsProxy_GetAttr_js: (object: unknown, key: number) => unknown
  JsProxy_SetAttr_js: (object: unknown, key: number, value: unknown) => number
  JsProxy_DelAttr_js: (object: unknown, key: number) => number
  JsObjMap_subscript_js: (object: unknown, key: unknown) => unknown
  JsObjMap_ass_subscript_js: (object: unknown, key: unknown, value: unknown) => number
  readonly memory: { readonly buffer: ArrayBuffer }
}

interface Instantiation {
  instantiate(module: unknown, imports?: { readonly env?: Partial<AttributeImports> }): Promise<unknown>
}

const HIDDEN: ReadonlySet<string> = new Set([
  'constructor',
  'prototype',
  '__proto__',
  '__defineGetter__',
  '__defineSetter__',
  '__lookupGetter__',
  '__lookupSetter__',
  'caller',
  'callee',
  'arguments',
])

/** What a shell answers that finds no program. */
const NO_PROGRAM = 127 << 8
/** Functions of C that run a program or JavaScript, with what they answer: what Node refuses would end the interpreter. */
const WITHOUT_EFFECT: ReadonlyMap<string, number> = new Map([
  ['_emscripten_system', NO_PROGRAM],
  ['emscripten_run_script', 0],
  ['emscripten_run_script_int', 0],
  ['emscripten_run_script_string', 0],
  ['emscripten_async_run_script', 0],
  ['emscripten_async_load_script', 0],
])

const EMPTY: object = Object.freeze(Object.create(null))

/** In the place of JavaScript's global object, for `loadPyodide`: Python's part of Pyodide takes nothing from it that scripts need. */
export function noGlobals(): NonNullable<Parameters<typeof loadPyodide>[0]> {
  return { jsglobals: EMPTY as never }
}

/**
 * Puts itself between Python and the attributes of JavaScript's objects. To be called before Pyodide is loaded; what is returned, once
 * it is, since a start without a memory snapshot sets attributes itself: from then on they are hidden.
 */
export function hidePrototypes(): () => void {
  const hiding = { isOn: false }
  const { WebAssembly } = globalThis as unknown as { WebAssembly: Instantiation }
  const { instantiate } = WebAssembly
  WebAssembly.instantiate = (module, imports) => {
    const env = imports?.env
    if (env !== undefined && 'JsProxy_GetAttr_js' in env) {
      WebAssembly.instantiate = instantiate
      intercept(env as AttributeImports, hiding)
    }
    return instantiate(module, imports)
  }
  return () => {
    hiding.isOn = true
  }
}

function intercept(env: AttributeImports, hiding: { readonly isOn: boolean }): void {
  const textAt = (address: number): string => {
    const bytes = new Uint8Array(env.memory.buffer)
    return Buffer.from(bytes.subarray(address, bytes.indexOf(0, address))).toString()
  }
  // With lines behind it, a name of Python's is a reserved word of JavaScript's without them.
  const isHidden = (key: string): boolean => hiding.isOn && (HIDDEN.has(key) || HIDDEN.has(key.replace(/_+$/, '')))
  const settable = (object: unknown): unknown => (hiding.isOn ? EMPTY : object)
  // An object that cannot be changed in the place of each other one: Python hears of the error of JavaScript.
  replace(env, 'JsProxy_GetAttr_js', (get) => (object, key) => get(isHidden(textAt(key)) ? EMPTY : object, key))
  replace(env, 'JsProxy_SetAttr_js', (set) => (object, key, value) => set(settable(object), key, value))
  replace(env, 'JsProxy_DelAttr_js', (remove) => (object, key) => remove(settable(object), key))
  replace(env, 'JsObjMap_subscript_js', (get) => (object, key) => get(isHidden(String(key)) ? EMPTY : object, key))
  replace(env, 'JsObjMap_ass_subscript_js', (set) => (object, key, value) => set(settable(object), key, value))
  const all = env as unknown as Record<string, object>
  for (const [name, answer] of WITHOUT_EFFECT) all[name] = Object.assign(() => answer, all[name])
}

/** Native code of Python's may call these functions by their names: Emscripten knows their signature by a property. */
function replace<Name extends keyof AttributeImports>(
  env: AttributeImports,
  name: Name,
  by: (original: AttributeImports[Name]) => AttributeImports[Name],
): void {
  const original = env[name]
  if (typeof original !== 'function') throw new Error(`Pyodide has no "${name}", without which it cannot be restricted`)
  env[name] = Object.assign(by(original) as object, original) as AttributeImports[Name]
}

/** The same functions, as objects without a prototype. */
export function withoutPrototypes({ engine, machine }: Host): Host {
  const parts = Object.entries(machine).map(([name, part]) => [
    name,
    typeof part === 'object' ? bare(part as Functions) : part,
  ])
  return bareObject([
    ['engine', bare(engine as unknown as Functions)],
    ['machine', bareObject(parts as never)],
  ]) as unknown as Host
}

function bare(part: Functions): object {
  const members = [...memberNames(part)].map((name) => {
    const member: unknown = Reflect.get(part, name)
    if (typeof member !== 'function') return [name, member] as const
    const call = (...values: unknown[]): unknown => Reflect.apply(member, part, values)
    return [name, Object.freeze(Object.setPrototypeOf(call, null))] as const
  })
  return bareObject(members)
}

function bareObject(members: readonly (readonly [string, unknown])[]): object {
  return Object.freeze(Object.assign(Object.create(null), Object.fromEntries(members)))
}

/** Its own members, and those of its classes. */
function memberNames(part: object): ReadonlySet<string> {
  const names = new Set(Object.getOwnPropertyNames(part))
  for (let above: object | null = Object.getPrototypeOf(part); above !== null && above !== Object.prototype; ) {
    for (const name of Object.getOwnPropertyNames(above)) names.add(name)
    above = Object.getPrototypeOf(above)
  }
  names.delete('constructor')
  return names
}
