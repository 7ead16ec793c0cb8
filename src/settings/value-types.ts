/**
 * Types of settings: the schema of a value in a file, the conversion of the text of a variable or flag to such a value,
 * and the text that shows it. Pure; used by `settings-table.ts`. Schemas return durations in milliseconds and sizes in
 * bytes.
 */

import * as v from 'valibot'
import { maskedUrl } from '../database/shown-url.ts'
import type { OptionSchema } from '../options/checked.ts'
import {
  convertedBy,
  DURATION,
  durationAtLeast,
  HTTP_TOKEN,
  isTable,
  NON_EMPTY_TEXT,
  textSchema,
  wholeNumberAtLeast,
} from '../options/schemas.ts'

export interface ValueType<Value> {
  readonly schema: OptionSchema<Value>
  /** Converts the text of an environment variable or a flag to the value that a file would contain. */
  fromText(text: string): unknown
  /** Returns the text that a file would contain, without quotes. */
  show(value: Value): string
}

const NEVER = 'never'

const SIZE = /^(\d+(?:\.\d+)?) ?(b|kb|kib|mb|mib|gb|gib)$/i
const UNIT_BYTES: Readonly<Record<string, number>> = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

const DURATION_UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

export const TEXT = valueType(NON_EMPTY_TEXT)

/** Non-empty list of texts. A variable contains them with commas between them. */
export const TEXTS = listOf(NON_EMPTY_TEXT, 'a list of non-empty strings')

/** Host name or address, without a port. `*.` stands for all names below a name of at least two parts. */
const HOST = /^(?:\*\.[\w-]+(?:\.[\w-]+)+|[\w-]+(?:\.[\w-]+)*|[\da-f:]*:[\da-f:.]*)$/i

export const HOSTS = listOf(
  textSchema('a host name without a port, such as "jobs.example.com" or "*.example.com"', (text) => HOST.test(text)),
  'a list of host names without ports, such as "jobs.example.com" or "*.example.com"',
)

/** The password of the URL is not shown. */
export const DATABASE_URL = valueType(NON_EMPTY_TEXT, { show: maskedUrl })

export function choiceType<const Choice extends string>(...choices: readonly Choice[]): ValueType<Choice> {
  return valueType(v.picklist(choices))
}

/** Non-empty list of some of these texts, each at most once. A variable contains them with commas between them. */
export function choicesType<const Choice extends string>(...choices: readonly Choice[]): ValueType<readonly Choice[]> {
  const expected = `a list of one or more of ${choices.map((choice) => `"${choice}"`).join(', ')}`
  const schema = v.pipe(
    v.array(v.picklist(choices), expected),
    v.check((chosen) => chosen.length > 0 && chosen.length === new Set(chosen).size, expected),
    v.transform((chosen) => Object.freeze(choices.filter((choice) => chosen.includes(choice)))),
  )
  return valueType(schema, { fromText: wordsIn, show: (chosen) => chosen.join(', ') })
}

export function wholeNumberFrom(least: number, most?: number): ValueType<number> {
  return valueType(wholeNumberAtLeast(least, most), {
    fromText: (text) => (/^\d+$/.test(text.trim()) ? Number(text) : text),
  })
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
])

export const YES_OR_NO = valueType(v.boolean(), { fromText: (text) => BOOLEANS.get(text) ?? text })

/** Text with a unit. With `bareSeconds`, a number without a unit in a variable or flag is a number of seconds. */
export function durationFrom(leastMs: number, { bareSeconds = false } = {}): ValueType<number> {
  return valueType(durationAtLeast(leastMs), {
    fromText: (text) => (bareSeconds && isBare(text) ? `${Number(text) * 1_000}ms` : text),
    show: durationSetting,
  })
}

/** Duration, or `"never"`, which is null. */
export const DURATION_OR_NEVER: ValueType<number | null> = valueType(
  v.union(
    [
      v.pipe(
        v.literal(NEVER),
        v.transform(() => null),
      ),
      durationAtLeast(0),
    ],
    `${DURATION}, or "${NEVER}"`,
  ),
  { show: (ms) => (ms === null ? NEVER : durationSetting(ms)) },
)

/** Text with a unit; 1 kb is 1024 bytes. `bareMebibytes`: a number alone in a variable or flag is a number of MiB. */
export function sizeFrom(leastBytes: number, { bareMebibytes = false } = {}): ValueType<number> {
  const expected = `a size such as "512mb" or "2gb", at least "${shownSize(leastBytes)}"`
  const schema = convertedBy(expected, (value) => {
    const bytes = typeof value === 'string' ? parsedSize(value) : undefined
    return bytes !== undefined && bytes >= leastBytes ? bytes : undefined
  })
  return valueType(schema, {
    fromText: (text) => (bareMebibytes && isBare(text) ? `${text.trim()}mb` : text),
    show: shownSize,
  })
}

/** Returns the type with null for an unset setting. */
export function optional<Value>({ schema, fromText, show }: ValueType<Value>): ValueType<Value | null> {
  return { schema, fromText, show: (value) => (value === null ? 'not set' : show(value)) }
}

/** Returns the type with hidden values. */
export function secret(type: ValueType<string>): ValueType<string> {
  return { ...type, show: () => 'set' }
}

export const TOKEN = secret(valueType(HTTP_TOKEN))

/** Name of a program on the PATH, its path, or the included Python. */
const PYTHON_TEXT = convertedBy(
  '"pyodide", or the name or path of a Python such as "python3.12" or ".venv/bin/python"',
  (value) => (typeof value === 'string' ? value.trim() || undefined : undefined),
)
export const PYTHON = valueType(PYTHON_TEXT)

/** Pythons by place. A variable contains the pairs with commas between them. */
export const PYTHON_BY_PLACE: ValueType<Readonly<Record<string, string>>> = valueType(
  convertedBy('PLACE=PYTHON pairs, such as "reports/=.venv/bin/python", or a table in a settings file', (value) =>
    isTable(value) ? pythonsOf(Object.entries(value)) : undefined,
  ),
  {
    fromText: (text) =>
      Object.fromEntries(
        wordsIn(text).map((part) => {
          const [place = '', ...python] = part.split('=')
          return [place.trim(), python.join('=')]
        }),
      ),
    show: (byPlace) =>
      Object.entries(byPlace)
        .map(([place, python]) => `${place}=${python}`)
        .join(', '),
  },
)

/** Shown instead of the path of a URL. */
export const HIDDEN_PATH = '/…'

/** Address of the web. Its path and query can contain credentials, so only the server is shown. */
export const WEB_ADDRESS = valueType(
  textSchema('a URL that begins with "http://" or "https://", without user and password', (text) => {
    const url = URL.parse(text)
    return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
  }),
  {
    show: (text) => {
      const url = URL.parse(text)
      return url === null ? 'set' : `${url.origin}${url.pathname === '/' && url.search === '' ? '' : HIDDEN_PATH}`
    },
  },
)

/** A program with its arguments, or a command line for the system's shell. */
export const COMMAND: ValueType<string | readonly string[]> = valueType(
  convertedBy('a list of a program and its arguments, or a command line for the shell', (value) => {
    if (typeof value === 'string') return value.trim() === '' ? undefined : value
    const isList = Array.isArray(value) && value.length > 0 && value[0] !== ''
    return isList && value.every((word) => typeof word === 'string') ? Object.freeze([...value]) : undefined
  }),
  { show: (command) => (typeof command === 'string' ? command : JSON.stringify(command)) },
)

/** Returns the duration in the largest unit that gives a whole number: `30s`, `1500ms`, `7d`. */
export function durationSetting(durationMs: number): string {
  for (const [unit, sizeMs] of DURATION_UNITS)
    if (durationMs >= sizeMs && durationMs % sizeMs === 0) return `${durationMs / sizeMs}${unit}`
  return durationMs === 0 ? '0s' : `${durationMs}ms`
}

function shownSize(bytes: number): string {
  for (const unit of ['g', 'm', 'k'] as const) {
    const unitBytes = UNIT_BYTES[unit] ?? 1
    if (bytes >= unitBytes && bytes % unitBytes === 0) return `${bytes / unitBytes}${unit}b`
  }
  return `${bytes}b`
}

export function valueType<Value>(
  schema: OptionSchema<Value>,
  { fromText = (text: string): unknown => text, show = String }: Partial<Omit<ValueType<Value>, 'schema'>> = {},
): ValueType<Value> {
  return { schema, fromText, show }
}

function listOf(item: OptionSchema<string>, expected: string): ValueType<readonly string[]> {
  const schema = v.pipe(
    v.array(item, expected),
    v.minLength(1, expected),
    v.transform((texts) => Object.freeze(texts)),
  )
  return valueType(schema, { fromText: wordsIn, show: (texts) => texts.join(', ') })
}

function pythonsOf(entries: readonly (readonly [place: string, python: unknown])[]) {
  const read = entries.map(([place, python]) => [place, v.safeParse(PYTHON_TEXT, python)] as const)
  if (read.length === 0 || read.some(([place, { success }]) => place === '' || !success)) return undefined
  return Object.freeze(Object.fromEntries(read.map(([place, { output }]) => [place, output as string])))
}

function parsedSize(text: string): number | undefined {
  const [, amount, unit = ''] = SIZE.exec(text.trim()) ?? []
  const unitBytes = UNIT_BYTES[unit.charAt(0).toLowerCase()]
  if (amount === undefined || unitBytes === undefined) return undefined
  const bytes = Math.floor(Number(amount) * unitBytes)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

function isBare(text: string): boolean {
  return /^\s*\d+(\.\d+)?\s*$/.test(text)
}

/** Returns the value of a JSON text, or the text if it is not JSON, so that the schema rejects it. */
export function jsonInText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function wordsIn(text: string): readonly string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
}
