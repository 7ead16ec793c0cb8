/**
 * Limits the JavaScript that Python can reach in a restricted interpreter to the host's functions and their results.
 * From an ordinary object, `constructor` leads to `Function`, and a prototype leads to objects that other code shares.
 * So the host's objects have no prototype, and Python can read only listed properties of the object itself, and can
 * set none.
 *
 * Depends on names that are not public API of Pyodide (seen in 314.0.7). If they are missing, a restricted interpreter
 * does not start.
 *
 * Proved by `test/restricted/escapes.test.ts`.
 */

import type { loadPyodide } from 'pyodide'
import type { Host } from '../python-border.ts'
import { interceptInstantiation } from '../stacks/instantiation.ts'
import { acceptedArguments, BORDER, BORDER_NAMES } from './border-functions.ts'

/**
 * Functions with which Python's C code reads attributes of JavaScript objects. A key is the address of a UTF-8 text.
 */
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

/** Wait status of a shell that finds no program. */
const NO_PROGRAM = 127 << 8
/** Results of C functions that run programs or JavaScript. A refusal by Node would end the interpreter. */
const WITHOUT_EFFECT: ReadonlyMap<string, number> = new Map([
  ['_emscripten_system', NO_PROGRAM],
  ['emscripten_run_script', 0],
  ['emscripten_run_script_int', 0],
  ['emscripten_run_script_string', 0],
  ['emscripten_async_run_script', 0],
  ['emscripten_async_load_script', 0],
])

/** Names of iterator methods that C code of Python calls by name instead of an import. */
const METHODS: ReadonlySet<unknown> = new Set(['next'])

const EMPTY: object = Object.freeze(Object.create(null))

/** Replaces the global object of JavaScript for `loadPyodide`. Scripts need nothing of it through Pyodide. */
export function noGlobals(): NonNullable<Parameters<typeof loadPyodide>[0]> {
  return { jsglobals: EMPTY as never }
}

/**
 * Intercepts Python's access to attributes of JavaScript objects. Called before Pyodide is loaded. The returned
 * function hides the attributes. Call it after loading, because a start without a memory snapshot sets some itself.
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
  // Replaces objects by an unchangeable one, so that Python gets the error of JavaScript.
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
 * Reads a listed name from the memory; null for others and invalid UTF-8. Emscripten's decoder accepts more than UTF-8,
 * so one decoder must both check and read.
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

/** Keeps properties of the function: C code may call it by name, and Emscripten reads its signature there. */
function replace<Name extends keyof AttributeImports>(
  env: AttributeImports,
  name: Name,
  by: (original: AttributeImports[Name]) => AttributeImports[Name],
): void {
  const original = env[name]
  if (typeof original !== 'function')
    // Uncoded: the reason why an interpreter does not start
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
