/**
 * What the value of a setting may be: how it is read from a file (text, number, list) and from the text of a variable or a
 * flag, and how it is shown. Pure; used by `table.ts`. Durations are milliseconds and sizes bytes once they are read.
 */

import { shownUrl } from '../database/shown-url.ts'
import { shownValue } from '../model/arguments.ts'
import { durationMs } from '../model/time/duration.ts'
import { didYouMean } from '../registry/nearest.ts'

/** `undefined` stands for what does not fit. */
export interface ValueType<Value> {
  /** In words, for messages: `a duration such as "30s"`. */
  readonly expected: string
  /** Of a value in a file. */
  read(value: unknown): Value | undefined
  /** Of the text of an environment variable or a flag. */
  readText(text: string): Value | undefined
  /** As it would be written in a file, without quotes. */
  show(value: Value): string
  /** Names what is wrong within a value that does not fit, with a hint; null or missing: the value as a whole. */
  wrongPart?(value: unknown): string | null
}

const NEVER = 'never'

const SIZE = /^(\d+(?:\.\d+)?) ?(b|kb|kib|mb|mib|gb|gib)$/i
const UNIT_BYTES: Readonly<Record<string, number>> = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }
const MEBIBYTE = 1024 ** 2

const DURATION_UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

export const TEXT = typeOf<string>('a non-empty string', (text) => (text.trim() === '' ? undefined : text))

/** At least one; in a variable with commas between them. */
export const TEXTS: ValueType<readonly string[]> = {
  expected: 'a list of non-empty strings',
  read: (value) => (Array.isArray(value) ? textsOf(value) : undefined),
  readText: (text) => textsOf(wordsIn(text).filter((part) => part !== '')),
  show: (texts) => texts.join(', '),
}

/** A name or address, without a port; `*.` stands for all names below a name of at least two parts. */
const HOST = /^(?:\*\.[\w-]+(?:\.[\w-]+)+|[\w-]+(?:\.[\w-]+)*|[\da-f:]*:[\da-f:.]*)$/i

export const HOSTS: ValueType<readonly string[]> = {
  ...TEXTS,
  expected: 'a list of host names without ports, such as "jobs.example.com" or "*.example.com"',
  read: (value) => hostsOf(TEXTS.read(value)),
  readText: (text) => hostsOf(TEXTS.readText(text)),
}

/** Its password is not shown. */
export const DATABASE_URL: ValueType<string> = { ...TEXT, show: shownUrl }

export function choiceOf<Choice extends string>(...choices: readonly Choice[]): ValueType<Choice> {
  return typeOf(`one of ${listed(choices)}`, (text) => choices.find((choice) => choice === text))
}

/** Of these texts, each at most once; in a variable with commas between them. */
export function someOf<Choice extends string>(...choices: readonly Choice[]): ValueType<readonly Choice[]> {
  const read = (value: unknown): readonly Choice[] | undefined => {
    if (!Array.isArray(value)) return undefined
    const chosen = choices.filter((choice) => value.includes(choice))
    return chosen.length === new Set(value).size && chosen.length > 0 ? Object.freeze(chosen) : undefined
  }
  return {
    expected: `a list of one or more of ${listed(choices)}`,
    read,
    readText: (text) => read(wordsIn(text)),
    show: (chosen) => chosen.join(', '),
    wrongPart(value) {
      const words: readonly unknown[] = typeof value === 'string' ? wordsIn(value) : Array.isArray(value) ? value : []
      const wrong = words.find((word) => !choices.some((choice) => choice === word))
      if (wrong === undefined) return null
      return `${shownValue(wrong)} was given.${typeof wrong === 'string' ? didYouMean(wrong, choices) : ''}`
    },
  }
}

export function wholeFrom(least: number): ValueType<number> {
  const read = (value: unknown) => (Number.isSafeInteger(value) && Number(value) >= least ? Number(value) : undefined)
  return {
    expected: `a whole number, ${least} or more`,
    read,
    readText: (text) => (/^\d+$/.test(text.trim()) ? read(Number(text)) : undefined),
    show: String,
  }
}

export function wholeUpTo(most: number): ValueType<number> {
  const whole = wholeFrom(0)
  const fits = (value: number | undefined) => (value !== undefined && value <= most ? value : undefined)
  return {
    expected: `a whole number from 0 to ${most}`,
    read: (value) => fits(whole.read(value)),
    readText: (text) => fits(whole.readText(text)),
    show: String,
  }
}

export const YES_OR_NO: ValueType<boolean> = {
  expected: 'true or false',
  read: (value) => (typeof value === 'boolean' ? value : undefined),
  // In variables, 1 and 0 are as common.
  readText: (text) => (['true', '1'].includes(text) ? true : ['false', '0'].includes(text) ? false : undefined),
  show: String,
}

/** Text with a unit. In variables and flags a bare number counts seconds where `bareSeconds` says so. */
export function durationFrom(leastMs: number, { bareSeconds = false } = {}): ValueType<number> {
  const least = leastMs === 0 ? '' : `, at least ${shownDuration(leastMs)}`
  const fits = (ms: ReturnType<typeof durationMs>) => (typeof ms === 'number' && ms >= leastMs ? ms : undefined)
  return {
    expected: `a duration such as "30s", "5m" or "12h"${least}`,
    read: (value) => (typeof value === 'string' ? fits(durationMs(value)) : undefined),
    readText: (text) => fits(bareSeconds && isBare(text) ? Number(text) * 1_000 : durationMs(text)),
    show: shownDuration,
  }
}

/** Text with a unit, where 1 kb is 1024 bytes. In variables and flags a bare number counts MiB where `bareMebibytes` says so. */
export function sizeFrom(leastBytes: number, { bareMebibytes = false } = {}): ValueType<number> {
  const fits = (bytes: number | undefined) => (bytes !== undefined && bytes >= leastBytes ? bytes : undefined)
  return {
    expected: `a size such as "512mb" or "2gb", at least "${shownSize(leastBytes)}"`,
    read: (value) => (typeof value === 'string' ? fits(parsedSize(value)) : undefined),
    readText: (text) => fits(bareMebibytes && isBare(text) ? Number(text) * MEBIBYTE : parsedSize(text)),
    show: shownSize,
  }
}

/** The same, or `"never"`: null. */
export function orNever<Value>(type: ValueType<Value>): ValueType<Value | null> {
  return {
    expected: `${type.expected}, or "${NEVER}"`,
    read: (value) => (value === NEVER ? null : type.read(value)),
    readText: (text) => (text === NEVER ? null : type.readText(text)),
    show: (value) => (value === null ? NEVER : type.show(value)),
  }
}

/** The same, and null where it is not set. */
export function optional<Value>(type: ValueType<Value>): ValueType<Value | null> {
  return { ...type, show: (value) => (value === null ? 'not set' : type.show(value)) }
}

/** Of whose value nothing may be seen. */
export function secret(type: ValueType<string>): ValueType<string> {
  return { ...type, show: () => 'set' }
}

/** Token that an HTTP header can carry: a line break or a character outside ASCII would not arrive unchanged. */
export const TOKEN = secret(
  typeOf<string>('a string of at most 4,096 characters from "!" to "~", without spaces and line breaks', (text) =>
    /^[!-~]{1,4096}$/.test(text) ? text : undefined,
  ),
)

/** The name of a program on the PATH or its path, or the Python that comes along. */
export const PYTHON = typeOf<string>(
  '"pyodide", or the name or path of a Python such as "python3.12" or ".venv/bin/python"',
  (text) => (text.trim() === '' ? undefined : text.trim()),
)

/** By place; in a variable with commas between them. */
export const PYTHON_BY_PLACE: ValueType<Readonly<Record<string, string>>> = {
  expected: 'PLACE=PYTHON pairs, such as "reports/=.venv/bin/python", or a table in a settings file',
  read(value) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return pythonsOf(Object.entries(value))
  },
  readText: (text) =>
    pythonsOf(
      text
        .split(',')
        .filter((part) => part.trim() !== '')
        .map((part) => {
          const [place = '', ...python] = part.split('=')
          return [place.trim(), python.join('=')]
        }),
    ),
  show: (byPlace) =>
    Object.entries(byPlace)
      .map(([place, python]) => `${place}=${python}`)
      .join(', '),
}

/** An address of the web. Its path and query may be what authorizes: only the server is shown. */
export const WEB_ADDRESS: ValueType<string> = {
  ...typeOf<string>('a URL that begins with "http://" or "https://", without user and password', (text) => {
    const url = URL.parse(text)
    const isWeb = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
    return isWeb ? text : undefined
  }),
  show: (text) => {
    const url = URL.parse(text)
    return url === null ? 'set' : `${url.origin}${url.pathname === '/' && url.search === '' ? '' : '/…'}`
  },
}

/** A program with its arguments, or a line for the system's shell. */
export const COMMAND: ValueType<string | readonly string[]> = {
  expected: 'a list of a program and its arguments, or a command line for the shell',
  read(value) {
    if (typeof value === 'string') return TEXT.read(value)
    const isList = Array.isArray(value) && value.length > 0 && value[0] !== ''
    return isList && value.every((word) => typeof word === 'string') ? Object.freeze([...value]) : undefined
  },
  readText: TEXT.readText,
  show: (command) => (typeof command === 'string' ? command : JSON.stringify(command)),
}

/** `30s`, `1500ms`, `7d`: the largest unit that it is a whole number of. */
export function shownDuration(durationMs: number): string {
  for (const [unit, sizeMs] of DURATION_UNITS)
    if (durationMs >= sizeMs && durationMs % sizeMs === 0) return `${durationMs / sizeMs}${unit}`
  return durationMs === 0 ? '0s' : `${durationMs}ms`
}

export function shownSize(bytes: number): string {
  for (const unit of ['g', 'm', 'k'] as const) {
    const unitBytes = UNIT_BYTES[unit] ?? 1
    if (bytes >= unitBytes && bytes % unitBytes === 0) return `${bytes / unitBytes}${unit}b`
  }
  return `${bytes}b`
}

function typeOf<Value extends string>(
  expected: string,
  accepted: (text: string) => Value | undefined,
): ValueType<Value> {
  return {
    expected,
    read: (value) => (typeof value === 'string' ? accepted(value) : undefined),
    readText: accepted,
    show: (value) => value,
  }
}

function pythonsOf(
  entries: readonly (readonly [place: string, python: unknown])[],
): Readonly<Record<string, string>> | undefined {
  const read = entries.map(([place, python]) => [place, PYTHON.read(python)] as const)
  if (read.some(([place, python]) => place === '' || python === undefined)) return undefined
  if (read.length === 0) return undefined
  return Object.freeze(Object.fromEntries(read) as Record<string, string>)
}

function textsOf(values: readonly unknown[]): readonly string[] | undefined {
  const areTexts = values.every((value): value is string => typeof value === 'string' && value.trim() !== '')
  return areTexts && values.length > 0 ? Object.freeze([...values]) : undefined
}

function hostsOf(texts: readonly string[] | undefined): readonly string[] | undefined {
  return texts?.every((text) => HOST.test(text)) ? texts : undefined
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

/** Words of a variable, with commas between them. */
function wordsIn(text: string): readonly string[] {
  return text.split(',').map((word) => word.trim())
}

function listed(choices: readonly string[]): string {
  return choices.map((choice) => `"${choice}"`).join(', ')
}
