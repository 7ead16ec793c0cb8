/**
 * The effective settings and their sources, in ascending precedence: default, file, environment, flag. Used by the
 * command line, and by Node programs through `projectOptions`. Only reads the environment.
 */

import { dirname } from 'node:path'
import { distance } from 'fastest-levenshtein'
import * as v from 'valibot'
import { UsageError } from '../errors.ts'
import { checkValue, type OptionProblem } from '../options/checked.ts'
import { isTable } from '../options/schemas.ts'
import { didYouMean } from '../registry/nearest.ts'
import { isSecretVariable } from '../secrets/variables.ts'
import { readNamedFile, readSettingsFile, type SettingsFile } from './settings-file.ts'
import { getSetting, OTHER_VARIABLES, SETTING_KEYS, type SettingKey, type SettingValue } from './settings-table.ts'

export interface SettingSources {
  /** Folder of `cloaca.toml` or `package.json`. */
  readonly folder: string
  /** File instead of these two. Default: `CLOACA_SETTINGS`. */
  readonly file?: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly flags?: Readonly<Partial<Record<SettingKey, string>>>
}

export interface ShownSetting {
  readonly key: SettingKey
  /** Without secrets and values that may contain one. */
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
/** Maximum distance of a misspelt variable from ours. Other variables belong to other programs. */
const MISSPELT_WITHIN = 2
const PREFIX = 'CLOACA_'
/** Names up to this length may differ by one letter only, because two would be a third of the name. */
const SHORT_NAME = 6

export class Settings {
  readonly #found: ReadonlyMap<SettingKey, Found>
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
    return (found === undefined ? getSetting(key).default : found.value) as SettingValue<Key>
  }

  /** Whether a source sets the value, so that it is not the default. */
  isSet(key: SettingKey): boolean {
    return this.#found.has(key)
  }

  /** Returns the folder for relative paths in a setting: the file's folder for values of the file. */
  folderOf(key: SettingKey): string {
    return this.file !== null && this.#found.get(key)?.isOfFile === true ? dirname(this.file) : '.'
  }

  shown(): readonly ShownSetting[] {
    return SETTING_KEYS.map((key) => ({
      key,
      value: getSetting(key).type.show(this.get(key)),
      from: this.#found.get(key)?.from ?? DEFAULT,
    }))
  }
}

/** Throws `INVALID_SETTINGS` with all problems: unknown keys and invalid values. */
export function loadSettings({ folder, file: named, environment, flags = {} }: SettingSources): Settings {
  const problems: OptionProblem[] = []
  const found = new Map<SettingKey, Found>()
  const name = named ?? (environment.CLOACA_SETTINGS || undefined)
  const file = name === undefined ? readSettingsFile(folder) : readNamedFile(name)
  if (file !== null) readFile(file, found, problems)
  readEnvironment(environment, found, problems)
  for (const key of SETTING_KEYS) {
    const { flag } = getSetting(key)
    const text = flags[key]
    if (flag !== null && text !== undefined) readText(key, text, flag, found, problems)
  }
  if (problems.length > 0) throw invalid(problems)
  return new Settings(found, file?.path ?? null, file === null ? [] : openSecrets(file, found))
}

/** Returns a warning if other users may read a file that contains a secret. */
function openSecrets({ name, openMode }: SettingsFile, found: ReadonlyMap<SettingKey, Found>): readonly string[] {
  if (openMode === null) return []
  const holding = [...found].find(([key, { value, from }]) => from === name && hasSecret(key, value))
  if (holding === undefined) return []
  return [
    `"${name}" contains a secret ("${holding[0]}"), but other users can read it (mode ${openMode}). Restrict it ` +
      `with: chmod 600 "${name}"`,
  ]
}

function hasSecret(key: SettingKey, value: unknown): boolean {
  return (getSetting(key).hasSecret as (value: unknown) => boolean)(value)
}

function readFile({ name, content }: SettingsFile, found: Map<SettingKey, Found>, problems: OptionProblem[]): void {
  const report = (wrong: readonly OptionProblem[]) =>
    problems.push(...wrong.map((each) => ({ ...each, message: `${name}: ${each.message}` })))
  for (const [path, given] of flattened(content, '', report)) {
    if (!isKey(path)) {
      report([{ path, message: `Unknown setting "${path}".${suggestionFor(path)}`, expected: '' }])
      continue
    }
    const { type, isPrivate } = getSetting(path)
    const { value, problems: wrong } = checkValue(type.schema, given, path, {
      noun: 'setting',
      secrets: isPrivate ? [path] : [],
    })
    if (wrong.length === 0) found.set(path, { value, from: name, isOfFile: true })
    report(wrong)
  }
}

const TABLE = v.custom(isTable, 'a table of settings')

/** Returns the settings of a section by full keys. A value in place of a section is not shown: it can be secret. */
function flattened(
  content: unknown,
  section: string,
  report: (problems: readonly OptionProblem[]) => void,
): readonly (readonly [string, unknown])[] {
  if (!isTable(content)) {
    report(checkValue(TABLE, content, section || 'cloaca', { secrets: [section] }).problems)
    return []
  }
  return Object.entries(content).flatMap(([inner, value]) => {
    const key = section === '' ? inner : `${section}.${inner}`
    return SECTIONS.has(key) ? flattened(value, key, report) : [[key, value] as const]
  })
}

/** Sections, including nested ones: `streams` and `streams.kafka`. */
const SECTIONS: ReadonlySet<string> = new Set(
  SETTING_KEYS.flatMap((key) => {
    const parts = key.split('.').slice(0, -1)
    return parts.map((_, index) => parts.slice(0, index + 1).join('.'))
  }),
)

function readEnvironment(
  environment: SettingSources['environment'],
  found: Map<SettingKey, Found>,
  problems: OptionProblem[],
): void {
  const variables = new Map(SETTING_KEYS.map((key) => [getSetting(key).variable, key]))
  for (const [name, text = ''] of Object.entries(environment)) {
    const key = variables.get(name)
    if (key !== undefined && text !== '') readText(key, text, name, found, problems)
    const isOurs = name.startsWith(PREFIX) && !isSecretVariable(name) && !OTHER_VARIABLES.has(name)
    if (key !== undefined || !isOurs || text === '') continue
    const within = name.length - PREFIX.length > SHORT_NAME ? MISSPELT_WITHIN : 1
    const meant = [...variables.keys()].find((variable) => distance(variable, name) <= within)
    if (meant === undefined) continue
    const message = `Unknown environment variable "${name}". Did you mean "${meant}"?`
    problems.push({ path: name, message, expected: '' })
  }
}

function readText(
  key: SettingKey,
  text: string,
  from: string,
  found: Map<SettingKey, Found>,
  problems: OptionProblem[],
): void {
  const { type, isPrivate } = getSetting(key)
  const owner = { noun: 'setting', shown: text, secrets: isPrivate ? [from] : [] }
  const { value, problems: wrong } = checkValue(type.schema, type.fromText(text), from, owner)
  if (wrong.length === 0) found.set(key, { value, from, isOfFile: false })
  problems.push(...wrong)
}

/** Returns the nearest key, or the key with this end if the section is missing. */
function suggestionFor(path: string): string {
  const last = path.split('.').at(-1) ?? path
  const [only, ...more] = SETTING_KEYS.filter((key) => key.endsWith(`.${last}`))
  if (only !== undefined && more.length === 0) return ` Did you mean "${only}"?`
  return didYouMean(path, [...SETTING_KEYS, ...SECTIONS])
}

function isKey(path: string): path is SettingKey {
  return (SETTING_KEYS as readonly string[]).includes(path)
}

function invalid(problems: readonly OptionProblem[]): UsageError {
  const messages = problems.map(({ message }) => message)
  const message = messages.length === 1 ? messages.join('') : `Some settings are invalid.\n${messages.join('\n')}`
  return new UsageError('INVALID_SETTINGS', message, { path: problems[0]?.path ?? '' })
}
