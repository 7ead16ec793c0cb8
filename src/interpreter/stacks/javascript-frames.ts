/**
 * Prevents the suspension of Python while JavaScript that called it is on its stack, because V8 refuses to suspend
 * JavaScript. Used by `interpreter.ts`; begins before Pyodide is loaded.
 *
 * Pyodide (314.0.7) prevents it only for calls of Python's functions. Python is also entered in other ways: the proxy
 * of a value may run `__subclasscheck__` of abstract classes, and the description of an exception runs `traceback`. A
 * stack that waited there, or whose time slice ended, was treated as suspended although it continued, and the
 * interpreter ended with "unreachable". Can be deleted when Pyodide prevents this.
 *
 * Proved by `test/host/javascript-frames.test.ts`.
 */

import type { Imports } from './instantiation.ts'

interface JavaScriptFunction {
  (...given: unknown[]): unknown
  readonly sig?: string
}

const VALUE_LETTER = 'e'
/** Maximum number of letters. Functions with more only combine numbers. */
const MAX_LETTERS = 7
/** Matches functions that run foreign code (and handle its errors), and those that create proxies. */
const RUNS_OTHERS = /\bhandle_js_error\b|\b_JsProxy_create\b/

/** Number of nested calls into JavaScript. */
let depth = 0

/** Counts nested calls, and refuses suspensions during them. */
export function refuseSuspensions(imports: Imports): void {
  const { can_run_sync_js: canSuspend } = imports
  imports.can_run_sync_js = () => (depth > 0 ? 0 : canSuspend())
  for (const [name, value] of Object.entries(imports)) if (runsOthers(value)) imports[name] = counting(value)
}

/** Skips functions without values, because reading the text of all functions takes 10 ms. */
function runsOthers(value: unknown): value is JavaScriptFunction {
  if (typeof value !== 'function') return false
  const { sig = '' } = value as JavaScriptFunction
  return sig.includes(VALUE_LETTER) && sig.length <= MAX_LETTERS && RUNS_OTHERS.test(String(value))
}

/** Uses fixed arguments, because a list of arguments is slower. */
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
