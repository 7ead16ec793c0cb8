/**
 * Keeps Python from being suspended while JavaScript that called it is on its stack, which V8 refuses. Used by `interpreter.ts`; begins
 * before Pyodide is loaded.
 *
 * Pyodide (314.0.7) knows that for calls of Python's functions, and for no other way into Python: making a proxy for a value may run
 * `__subclasscheck__` of abstract classes, describing an exception runs `traceback`. A stack that waited there, or had had its time slice,
 * was taken for suspended and went on, and the interpreter ended with "unreachable". Can go when Pyodide does it.
 *
 * Proved by `test/host/javascript-frames.test.ts`.
 */

import type { Imports } from './instantiation.ts'

/** Of Pyodide's: `sig` has a letter for its result and for each argument. */
interface JavaScriptFunction {
  (...given: unknown[]): unknown
  readonly sig?: string
}

/** A value of JavaScript. */
const VALUE_LETTER = 'e'
/** Those with more only put numbers together. */
const MOST_LETTERS = 7
/** What runs code that is not its own has the one in it, for what that throws; what makes proxies has the other. */
const RUNS_OTHERS = /\bhandle_js_error\b|\b_JsProxy_create\b/

/** How many calls into JavaScript are under way, one inside another. */
let depth = 0

/** Counts them, and has Python, when it asks whether it can be suspended, be told of them. */
export function refuseSuspensions(imports: Imports): void {
  const { can_run_sync_js: canSuspend } = imports
  imports.can_run_sync_js = () => (depth > 0 ? 0 : canSuspend())
  for (const [name, value] of Object.entries(imports)) if (runsOthers(value)) imports[name] = counting(value)
}

/** Most of the thousands have nothing to do with values, and are not looked at: reading them all takes 10 ms. */
function runsOthers(value: unknown): value is JavaScriptFunction {
  if (typeof value !== 'function') return false
  const { sig = '' } = value as JavaScriptFunction
  return sig.includes(VALUE_LETTER) && sig.length <= MOST_LETTERS && RUNS_OTHERS.test(String(value))
}

/** With so many arguments, which cost nothing, in place of a list of them, which does. */
function counting(call: JavaScriptFunction): JavaScriptFunction {
  const counted = (a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, f: unknown): unknown => {
    depth += 1
    try {
      return call(a, b, c, d, e, f)
    } finally {
      depth -= 1
    }
  }
  return Object.assign(counted, call) // side modules look at its `sig`
}
