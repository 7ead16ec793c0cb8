/**
 * Checks options of users with schemas of Valibot. Each message names the option, the expected value and the given
 * value, or the nearest name of an unknown option. Used by all entry points.
 */

import * as v from 'valibot'
import { type ErrorFacts, UsageError } from '../errors.ts'
import { formatValue, shortenText } from '../model/arguments.ts'
import { didYouMean } from '../registry/nearest.ts'

/** Maximum number of problems of one value, because a long list may have one in each item. */
const MAX_PROBLEMS = 10

export type OptionSchema<Value = unknown> = v.GenericSchema<unknown, Value>

/** Owner of options, for messages. */
export interface Owner {
  /** Such as `task "ship" of workflow "orders"`. Default: none. */
  readonly what?: string
  /** Name of one option. Default: `option`. */
  readonly noun?: string
  readonly facts?: ErrorFacts
  /** Paths of options whose values, and values in them, must not be shown. */
  readonly secrets?: readonly string[]
  /** Value that the checked value was made from, which messages show instead. */
  readonly shown?: unknown
}

export interface OptionProblem {
  readonly path: string
  /** Complete sentence. */
  readonly message: string
  /** Expected value, such as `a duration`. */
  readonly expected: string
}

/** Result of a check. Without problems, `value` is the output of the schema. */
export interface Checked<Value> {
  readonly value: Value
  readonly problems: readonly OptionProblem[]
}

/** Returns the output of a schema. Throws `INVALID_ARGUMENT` with all problems. `name`: of the value, or empty. */
export function parseOptions<Value>(schema: OptionSchema<Value>, given: unknown, name = '', owner: Owner = {}): Value {
  const { value, problems } = checkValue(schema, given, name, owner)
  const [first] = problems
  if (first === undefined) return value
  const message = problems.map((problem) => problem.message).join(' ')
  throw new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path: first.path })
}

/** Checks a value like `parsed`, and returns the problems. */
export function checkValue<Value>(
  schema: OptionSchema<Value>,
  given: unknown,
  name = '',
  owner: Owner = {},
): Checked<Value> {
  const { output, issues = [] } = v.safeParse(schema, given, { abortPipeEarly: true })
  return {
    value: output as Value,
    problems: issues.slice(0, MAX_PROBLEMS).map((issue) => problemOf(schema, issue, name, owner)),
  }
}

/** Returns a path such as `retention.endedMs` or `places[1]`. */
export function formatPath(keys: readonly PropertyKey[], name = ''): string {
  return keys.reduce<string>((before, key) => {
    if (typeof key === 'number') return `${before}[${key}]`
    const name = shortenText(String(key))
    return before === '' ? name : `${before}.${name}`
  }, name)
}

function problemOf(
  schema: Parts,
  issue: v.BaseIssue<unknown>,
  name: string,
  { what, noun = 'option', secrets = [], shown }: Owner,
): OptionProblem {
  const keys = (issue.path ?? []).map(({ key }) => key as PropertyKey)
  const last = String(keys.at(-1))
  const path = formatPath(keys, name) || `${noun}s`
  const subject = `"${path}"${what === undefined ? '' : ` of ${what}`}`
  // Valibot expects "never" of an unknown key, and the key itself of a missing one.
  if (issue.expected === 'never') {
    const known = Object.keys(containerOf(schemaAt(schema, keys.slice(0, -1))).entries ?? {})
    const valid = known.length === 0 ? '' : ` Valid ${noun}s: ${known.join(', ')}.`
    return { path, message: `Unknown ${noun} ${subject}.${didYouMean(last, known) || valid}`, expected: 'nothing' }
  }
  if (issue.received === 'undefined' && issue.expected === JSON.stringify(last)) {
    return { path, message: `Missing ${noun} ${subject}.`, expected: 'a value' }
  }
  const { type, options = [] } = schemaAt(schema, keys)
  const choices = type === 'picklist' ? options : []
  const expected = `${expectedBy(issue, choices)}${type === 'nullable' ? ', or null' : ''}`
  const input = keys.length === 0 ? (shown ?? issue.input) : issue.input
  const isSecret = secrets.some((secret) => path === secret || path.startsWith(`${secret}.`))
  const given = isSecret ? 'something else' : formatValue(input)
  const hint = typeof input === 'string' ? didYouMean(input, choices) : ''
  return { path, message: `${subject} must be ${expected}, but ${given} was given.${hint}`, expected }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  boolean: 'true or false',
  Array: 'a list',
  Object: 'an object',
  Function: 'a function',
}

/** Returns the message of the schema, or words in place of a message that Valibot creates. */
function expectedBy({ message, expected }: v.BaseIssue<unknown>, choices: readonly string[]): string {
  if (!message.startsWith('Invalid ')) return message
  if (choices.length > 0) return `one of ${choices.map((choice) => `"${choice}"`).join(', ')}`
  return TYPES[expected ?? ''] ?? String(expected)
}

interface Parts {
  readonly type?: string
  readonly wrapped?: Parts
  readonly pipe?: readonly Parts[]
  readonly item?: Parts
  readonly options?: readonly string[]
  readonly entries?: Readonly<Record<string, Parts>>
}

/** Returns the schema at a path, or an empty one if the path passes through a schema without parts. */
function schemaAt(schema: Parts, keys: readonly PropertyKey[]): Parts {
  if (schema.type === 'optional') return schemaAt(schema.wrapped ?? {}, keys)
  const [key, ...rest] = keys
  if (key === undefined) return schema
  const { item, entries = {} } = containerOf(schema)
  return schemaAt(item ?? entries[String(key)] ?? {}, rest)
}

function containerOf(schema: Parts): Parts {
  if (schema.wrapped !== undefined) return containerOf(schema.wrapped)
  return schema.pipe?.map(containerOf).find((part) => part.item ?? part.entries) ?? schema
}
