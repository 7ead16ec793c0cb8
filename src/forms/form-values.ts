/**
 * Checks values against a JSON Schema (draft 2020-12). The schema is of a script and the values are of a request, so a
 * check has a time limit: nested references can take exponential time, and `uniqueItems` quadratic time.
 */

import { createContext, Script } from 'node:vm'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { JsonObject, JsonValue } from '../model/context.ts'
import { linearPattern } from '../patterns/linear-pattern.ts'
import { MULTIPLE_OF } from './multiple-of.ts'

/** Maximum computing time of a check. It blocks the engine, so it is short. Usual forms take 10 ms. */
const MAX_CHECK_MS = 250
/** Time limits of the attempts. On an overloaded machine, the first one may get too little computing time. */
const ATTEMPTS_MS = [MAX_CHECK_MS, 4 * MAX_CHECK_MS, 16 * MAX_CHECK_MS]
const MAX_PROBLEMS = 50

/** Wrong value, or a value that is missing. */
export interface FormProblem {
  /** Path such as `items[2].price`. Empty for the values as a whole. */
  readonly path: string
  /** Reason without a subject, such as `must be number`. */
  readonly message: string
}

/** Schemas of declarations are used again and again, and compiling one takes 20 ms. */
const compiled = new WeakMap<JsonObject, ValidateFunction>()

/** Returns the wrong values, at most 50. A schema that cannot be used accepts no values. */
export function formProblems(form: JsonObject, values: JsonValue): readonly FormProblem[] {
  return checked(form, () => {
    const known = compiled.get(form)
    const compile = known === undefined ? compiler() : () => known
    return () => {
      const validate = compile(form)
      compiled.set(form, validate)
      return validate(values) ? [] : (validate.errors ?? []).slice(0, MAX_PROBLEMS).map(problemOf)
    }
  })
}

/** Returns why a form cannot be used, or null. */
export function unusableForm(form: JsonObject): string | null {
  const [problem] = checked(form, () => {
    const compile = compiler()
    return () => {
      compile(form)
      return []
    }
  })
  return problem?.message ?? null
}

type Check = () => readonly FormProblem[]

const CHECK = new Script('check()')

/** Returns a function that compiles a schema. Without it, the time limit would apply to the schema of schemas, too. */
function compiler(): (form: JsonObject) => ValidateFunction {
  const ajv = new Ajv2020({
    ...{ allErrors: true, strict: false, logger: false, ownProperties: true },
    // V8's own patterns backtrack.
    code: { regExp: Object.assign((pattern: string) => linearPattern(pattern), { code: 'linearPattern' }) },
  })
  // Its own keyword divides floating-point numbers, and so refuses 19.99 as a multiple of 0.01.
  ajv.removeKeyword('multipleOf').addKeyword(MULTIPLE_OF)
  // A CommonJS module: its function is the property `default` for TypeScript, and the module for Node.
  addFormats.default(ajv)
  // Compiles the schema of schemas, which takes most of the time.
  ajv.compile({})
  return (form) => {
    // A check that returns a promise would accept all values, and reject the promise without a listener.
    if (form.$async !== undefined) throw new TypeError('"$async" is not allowed')
    return ajv.compile(form)
  }
}

/** `prepare` is not limited, and returns the limited check of one attempt. */
function checked(form: JsonObject, prepare: () => Check): readonly FormProblem[] {
  let error: unknown
  for (const timeout of ATTEMPTS_MS) {
    const context = createContext({ check: prepare() })
    const begunAt = computingMs()
    try {
      return CHECK.runInContext(context, { timeout }) as readonly FormProblem[]
    } catch (thrown) {
      error = thrown
      if (!isTimeout(thrown) || computingMs() - begunAt > MAX_CHECK_MS / 2) break
    }
  }
  return [{ path: '', message: refusal(form, error) }]
}

function computingMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

function isTimeout(thrown: unknown): boolean {
  return (thrown as { readonly code?: string }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
}

function refusal(form: JsonObject, thrown: unknown): string {
  const { message } = thrown as { readonly message?: string }
  if (isTimeout(thrown)) return `cannot be checked within ${MAX_CHECK_MS} ms`
  if (thrown instanceof RangeError) return 'cannot be checked: the schema refers to itself without an end'
  const title = typeof form.title === 'string' ? ` "${form.title}"` : ''
  return `cannot be checked: the form${title} is not a valid JSON Schema: ${message ?? String(thrown)}`
}

function problemOf({ instancePath, message = 'is wrong', keyword, params }: ErrorObject): FormProblem {
  const steps = instancePath.split('/').slice(1).map(unescaped)
  if (keyword === 'required') return { path: pathOf([...steps, String(params.missingProperty)]), message: 'is missing' }
  if (keyword === 'additionalProperties') {
    return { path: pathOf([...steps, String(params.additionalProperty)]), message: 'is not a value of the form' }
  }
  return { path: pathOf(steps), message }
}

/** Replaces the escapes of a JSON Pointer. */
function unescaped(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~')
}

function pathOf(steps: readonly string[]): string {
  return steps.reduce((before, step) => {
    if (/^\d+$/.test(step)) return `${before}[${step}]`
    return before === '' ? step : `${before}.${step}`
  }, '')
}
