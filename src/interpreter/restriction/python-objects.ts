/**
 * What Python reaches of JavaScript in a restricted interpreter: the host's functions, and what they return. From any ordinary object a
 * way leads through `constructor` to `Function`, and through a prototype to what everybody uses. So the host's objects have no
 * prototype, and Python sees only the properties that an object has itself and that are listed, and sets none.
 *
 * Rests on names that are not public API of Pyodide (seen in 314.0.7): where they are missing, a restricted interpreter does not start.
 *
 * Proved by `test/restricted/escapes.test.ts`.
 */

import type { loadPyodide } from 'pyodide'
import type { Host } from '../python-border.ts'
import { interceptInstantiation } from '../stacks/instantiation.ts'
import { acceptedArguments, BORDER, BORDER_NAMES } from './border-functions.ts'

/** How Python's code in C asks JavaScript for attributes. A key is the address of its text, in UTF-8. */
interface AttributeImports {
  JsProxy_GetAttr_js: (object: unknown, key: number) => unknown
  JsProxy_SetAttr_js: (object: unknown, key: number, value: unknown) => number
  JsProxy_DelAttr_js: (object: unknown, key: number) => number
  JsObjMap_subscript_js: (object: unknown, key: unknown) => unknown
  JsObjMap_ass_subscript_js: (object: unknown, key: unknown, value: unknown) => number
  JsvObject_SetAttr: (object: unknown, key: unknown, value: unknown) => number
  JsvObject_CallMethod: (object: unknown, name: unknown, values: unknown) => unknown
  JsvObject_CallMethod_NoArgs: (object: unknown, name: unknown) => unknown
  JsvObject_CallMethod_OneArg: (object: unknown, name: unknown, value: unknown) => unknown
  JsvObject_CallMethod_TwoArgs: (object: unknown, name: unknown, one: unknown, other: unknown) => unknown
  JsvFunction_Construct: (callee: unknown, values: unknown) => unknown
  readonly memory: { readonly buffer: ArrayBuffer }
}

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

/** Methods that Python's code in C calls by name, in place of an import of their own: of iterators. */
const METHODS: ReadonlySet<unknown> = new Set(['next'])

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
  interceptInstantiation((imports) => intercept(imports as unknown as AttributeImports, hiding))
  return () => {
    hiding.isOn = true
  }
}

function intercept(env: AttributeImports, hiding: { readonly isOn: boolean }): void {
  const listedName = nameReader(env)
  // An object that cannot be changed in the place of each other one: Python hears of the error of JavaScript.
  const settable = (object: unknown): unknown => (hiding.isOn ? EMPTY : object)
  const callable = (object: unknown, name: unknown): unknown => (hiding.isOn && !METHODS.has(name) ? EMPTY : object)
  replace(env, 'JsProxy_GetAttr_js', (get) => (object, key) => {
    return get(hiding.isOn ? onlyProperty(object, listedName(key)) : object, key)
  })
  replace(env, 'JsProxy_SetAttr_js', (set) => (object, key, value) => set(settable(object), key, value))
  replace(env, 'JsProxy_DelAttr_js', (remove) => (object, key) => remove(settable(object), key))
  replace(
    env,
    'JsObjMap_subscript_js',
    (get) => (object, key) => get(hiding.isOn ? onlyProperty(object, key) : object, key),
  )
  replace(env, 'JsObjMap_ass_subscript_js', (set) => (object, key, value) => set(settable(object), key, value))
  replace(env, 'JsvObject_CallMethod', (call) => (object, name, values) => call(callable(object, name), name, values))
  replace(env, 'JsvObject_CallMethod_NoArgs', (call) => (object, name) => call(callable(object, name), name))
  replace(env, 'JsvObject_CallMethod_OneArg', (call) => (object, name, one) => call(callable(object, name), name, one))
  replace(
    env,
    'JsvObject_CallMethod_TwoArgs',
    (call) => (object, name, one, other) => call(callable(object, name), name, one, other),
  )
  replace(
    env,
    'JsvFunction_Construct',
    (construct) => (callee, values) => construct(hiding.isOn ? EMPTY : callee, values),
  )
  const all = env as unknown as Record<string, object>
  for (const [name, answer] of WITHOUT_EFFECT) all[name] = Object.assign(() => answer, all[name])
}

/**
 * Reads a name from the interpreter's memory: null for one that is not listed, or is not UTF-8. Emscripten's own decoder takes more
 * for UTF-8 than there is, so nothing may be decided by one of them and done by the other.
 */
function nameReader(env: Pick<AttributeImports, 'memory'>): (address: number) => string | null {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return (address) => {
    const bytes = new Uint8Array(env.memory.buffer)
    try {
      const name = decoder.decode(bytes.subarray(address, bytes.indexOf(0, address)))
      return BORDER_NAMES.has(name) ? name : null
    } catch {
      return null
    }
  }
}

/** Returns an object that has only this own property of another object, or none, so that nothing else can be read. */
function onlyProperty(object: unknown, name: unknown): object {
  if (typeof name !== 'string' || object === null) return EMPTY
  if ((typeof object !== 'object' && typeof object !== 'function') || !Object.hasOwn(object, name)) return EMPTY
  return Object.create(null, { [name]: { value: Reflect.get(object, name) } })
}

/** Native code of Python's may call these functions by their names: Emscripten knows their signature by a property. */
function replace<Name extends keyof AttributeImports>(
  env: AttributeImports,
  name: Name,
  by: (original: AttributeImports[Name]) => AttributeImports[Name],
): void {
  const original = env[name]
  if (typeof original !== 'function')
    throw new Error(`"${name}" is missing in Pyodide. Install the version of Pyodide that cloaca requires: npm ci`)
  env[name] = Object.assign(by(original) as object, original) as AttributeImports[Name]
}

/** The listed functions, as objects without a prototype, that take the listed arguments. */
export function withoutPrototypes({ engine, machine }: Host): Host {
  const { engine: listedOfEngine, ...listedOfMachine } = BORDER
  const parts = Object.entries(listedOfMachine).map(([name, listed]) => [
    name,
    bare(Reflect.get(machine, name), listed),
  ])
  return bareObject([
    ['engine', bare(engine, listedOfEngine ?? null)],
    ['machine', bareObject(parts as never)],
  ]) as unknown as Host
}

function bare(part: object, listed: (typeof BORDER)[string]): unknown {
  if (listed === null || listed === undefined) return part
  const members = Object.entries(listed).map(([name, kinds]) => {
    const member: unknown = Reflect.get(part, name)
    if (kinds === null || typeof member !== 'function') return [name, member] as const
    const call = (...values: unknown[]): unknown => Reflect.apply(member, part, acceptedArguments(name, kinds, values))
    return [name, Object.freeze(Object.setPrototypeOf(call, null))] as const
  })
  return bareObject(members)
}

function bareObject(members: readonly (readonly [name: string, member: unknown])[]): object {
  return Object.freeze(Object.assign(Object.create(null), Object.fromEntries(members)))
}
