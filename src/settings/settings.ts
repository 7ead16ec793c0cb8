/**
 * The settings that count: of each the value that was named last, in the order default, file, environment, flag, with where
 * it comes from. Used by the command line, and by Node programs through `projectOptions`. Nothing is written, and the
 * environment is only read.
 */

import { dirname } from 'node:path'
import { distance } from 'fastest-levenshtein'
import { UsageError } from '../errors.ts'
import { shownValue } from '../model/arguments.ts'
import { didYouMean } from '../registry/nearest.ts'
import { isSecretVariable } from '../secrets/variables.ts'
import { readNamedFile, readSettingsFile, type SettingsFile } from './settings-file.ts'
import { OTHER_VARIABLES, SETTING_KEYS, type SettingKey, type SettingValue, settingOf } from './table.ts'
import type { ValueType } from './value-types.ts'

export interface SettingSources {
  /** Where `cloaca.toml` or `package.json` would be. */
  readonly folder: string
  /** File in place of these two. Default: the one that `CLOACA_SETTINGS` names. */
  readonly file?: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Texts of flags that were given. */
  readonly flags?: Readonly<Partial<Record<SettingKey, string>>>
}

/** One setting as a person sees it. */
export interface ShownSetting {
  readonly key: SettingKey
  /** Secrets, and what may hold one, are not in it. */
  readonly value: string
  /** `default`, the name of a file, a variable or a flag. */
  readonly from: string
}

interface Found {
  readonly value: unknown
  readonly from: string
  readonly isOfFile: boolean
}

const DEFAULT = 'default'
/** A variable whose name is so near to one of ours is a misspelling; any other is somebody else's. */
const MISSPELT_WITHIN = 2
const PREFIX = 'CLOACA_'
/** Of such a name, two letters are a third of it. */
const SHORT_NAME = 6

export class Settings {
  readonly #found: ReadonlyMap<SettingKey, Found>
  /** Absolute path of the file with settings; null if there is none. */
  readonly file: string | null
  /** Warnings about the settings file, one sentence each. */
  readonly warnings: readonly string[]

  constructor(found: ReadonlyMap<SettingKey, Found>, file: string | null, warnings: readonly string[] = []) {
    this.#found = found
    this.file = file
    this.warnings = warnings
  }

  get<Key extends SettingKey>(key: Key): SettingValue<Key> {
    const found = this.#found.get(key)
    return (found === undefined ? settingOf(key).default : found.value) as SettingValue<Key>
  }

  /** Whether somebody has set it, and it is not left at its default. */
  isSet(key: SettingKey): boolean {
    return this.#found.has(key)
  }

  /** The folder from which a relative path in it counts: that of the file, where it stands in one. */
  folderOf(key: SettingKey): string {
    return this.file !== null && this.#found.get(key)?.isOfFile === true ? dirname(this.file) : '.'
  }

  /** Every setting, in the order of the table. */
  shown(): readonly ShownSetting[] {
    return SETTING_KEYS.map((key) => ({
      key,
      value: settingOf(key).type.show(this.get(key)),
      from: this.#found.get(key)?.from ?? DEFAULT,
    }))
  }
}

/** Throws `INVALID_SETTINGS` with everything that is wrong: keys that do not exist, and values that do not fit. */
export function loadSettings({ folder, file: named, environment, flags = {} }: SettingSources): Settings {
  const problems: Problem[] = []
  const found = new Map<SettingKey, Found>()
  // A variable that is empty is not set.
  const name = named ?? (environment.CLOACA_SETTINGS || undefined)
  const file = name === undefined ? readSettingsFile(folder) : readNamedFile(name)
  if (file !== null) readFile(file, found, problems)
  readEnvironment(environment, found, problems)
  for (const key of SETTING_KEYS) {
    const { flag } = settingOf(key)
    const text = flags[key]
    if (flag !== null && text !== undefined) readText(key, text, flag, found, problems)
  }
  if (problems.length > 0) throw invalid(problems)
  return new Settings(found, file?.path ?? null, file === null ? [] : openSecrets(file, found))
}

/** A warning if a file holds a secret and others may read it. */
function openSecrets({ name, openMode }: SettingsFile, found: ReadonlyMap<SettingKey, Found>): readonly string[] {
  if (openMode === null) return []
  const holding = [...found].find(([key, { value, from }]) => from === name && isSecret(key, value))
  if (holding === undefined) return []
  return [
    `"${name}" contains a secret ("${holding[0]}"), but other users can read it (mode ${openMode}). Restrict it with: chmod 600 "${name}"`,
  ]
}

/** Whether a value, or a password in it, is not shown. */
function isSecret(key: SettingKey, value: unknown): boolean {
  const { type, isPrivate } = settingOf(key)
  return isPrivate || (typeof value === 'string' && (type.show as (value: string) => string)(value) !== value)
}

interface Problem {
  readonly path: string
  readonly message: string
}

function readFile({ name, content }: SettingsFile, found: Map<SettingKey, Found>, problems: Problem[]): void {
  const unknown = (path: string, of: string): void =>
    void problems.push({ path, message: `${name}: Unknown setting "${path}".${suggestionFor(path, of)}` })
  for (const [path, value] of flattened(name, content, problems)) {
    if (!isKey(path)) {
      unknown(path, path.split('.').at(-1) ?? path)
      continue
    }
    const { type, isPrivate } = settingOf(path)
    const read = type.read(value)
    if (read !== undefined) found.set(path, { value: read, from: name, isOfFile: true })
    else problems.push({ path, message: mismatch(`${name}: "${path}"`, type, value, isPrivate) })
  }
}

/** The settings of a file by their full keys. What stands in the place of a section is a problem where it is none. */
function flattened(name: string, content: unknown, problems: Problem[]): readonly (readonly [string, unknown])[] {
  if (!isTable(content)) {
    problems.push({
      path: name,
      message: mismatch(`${name}: "cloaca"`, { expected: 'an object with settings' }, content, false),
    })
    return []
  }
  const within = (table: Readonly<Record<string, unknown>>, prefix: string): readonly (readonly [string, unknown])[] =>
    Object.entries(table).flatMap(([inner, value]) => {
      const key = prefix + inner
      if (!SECTIONS.has(key)) return [[key, value] as const]
      if (isTable(value)) return within(value, `${key}.`)
      problems.push({
        path: key,
        message: mismatch(`${name}: "${key}"`, { expected: 'a table of settings' }, value, true),
      })
      return []
    })
  return within(content, '')
}

/** Those within others, too: `streams` and `streams.kafka`. */
const SECTIONS: ReadonlySet<string> = new Set(
  SETTING_KEYS.flatMap((key) => {
    const parts = key.split('.').slice(0, -1)
    return parts.map((_, index) => parts.slice(0, index + 1).join('.'))
  }),
)

function readEnvironment(
  environment: SettingSources['environment'],
  found: Map<SettingKey, Found>,
  problems: Problem[],
): void {
  const variables = new Map(SETTING_KEYS.map((key) => [settingOf(key).variable, key]))
  for (const [name, text = ''] of Object.entries(environment)) {
    const key = variables.get(name)
    if (key !== undefined && text !== '') readText(key, text, name, found, problems)
    const isOurs = name.startsWith(PREFIX) && !isSecretVariable(name) && !OTHER_VARIABLES.has(name)
    if (key !== undefined || !isOurs || text === '') continue
    const within = name.length - PREFIX.length > SHORT_NAME ? MISSPELT_WITHIN : 1
    const meant = [...variables.keys()].find((variable) => distance(variable, name) <= within)
    if (meant === undefined) continue
    problems.push({
      path: name,
      message: `Unknown environment variable "${name}". Did you mean "${meant}"?`,
    })
  }
}

function readText(
  key: SettingKey,
  text: string,
  from: string,
  found: Map<SettingKey, Found>,
  problems: Problem[],
): void {
  const { type, isPrivate } = settingOf(key)
  const value = type.readText(text)
  if (value !== undefined) found.set(key, { value, from, isOfFile: false })
  else problems.push({ path: from, message: mismatch(`"${from}"`, type, text, isPrivate) })
}

/** Of what is wrong in a private setting, nothing is said but that it is. */
function mismatch(
  subject: string,
  { expected, wrongPart }: Pick<ValueType<never>, 'expected' | 'wrongPart'>,
  value: unknown,
  isPrivate: boolean,
): string {
  const given = isPrivate ? 'something else was given.' : (wrongPart?.(value) ?? `${shownValue(value)} was given.`)
  return `${subject} must be ${expected}, but ${given}`
}

/** The nearest key, or the one that ends like this where the section was forgotten. */
function suggestionFor(path: string, last: string): string {
  const [only, ...more] = SETTING_KEYS.filter((key) => key.endsWith(`.${last}`))
  if (only !== undefined && more.length === 0) return ` Did you mean "${only}"?`
  return didYouMean(path, [...SETTING_KEYS, ...SECTIONS])
}

function isKey(path: string): path is SettingKey {
  return (SETTING_KEYS as readonly string[]).includes(path)
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

function invalid(problems: readonly Problem[]): UsageError {
  const messages = problems.map(({ message }) => message)
  const message = messages.length === 1 ? messages.join('') : `Some settings are invalid.\n${messages.join('\n')}`
  return new UsageError('INVALID_SETTINGS', message, { path: problems[0]?.path ?? '' })
}
