/** Flags for settings, generated from the table of `src/settings/`, and the effective settings of a command. */

import { type Command, Option } from 'commander'
import { loadSettings, type Settings } from '../../settings/settings.ts'
import { getSetting, SETTING_KEYS, type SettingKey } from '../../settings/settings-table.ts'
import { optionParser } from '../option-values.ts'
import { printMessage } from '../print.ts'

const FILE = { flag: '--settings <file>', doc: 'read settings from this file (default: cloaca.toml or package.json)' }

/** Adds the flags of these settings, in their order, and the flag of the settings file. Default: all settings. */
export function withSettings(command: Command, keys: readonly SettingKey[] = SETTING_KEYS): Command {
  if (!command.options.some(({ flags }) => flags === FILE.flag)) command.option(FILE.flag, FILE.doc)
  for (const key of keys) {
    const option = flagOf(key)
    if (option !== null) command.addOption(option)
  }
  return command
}

/** `options`: options of the command. Throws `INVALID_SETTINGS`. */
export function settingsFrom(options: object = {}): Settings {
  const given = options as Readonly<Record<string, unknown>>
  const flags: Partial<Record<SettingKey, string>> = {}
  for (const key of SETTING_KEYS) {
    const name = flagOf(key)?.attributeName()
    const text = name === undefined ? undefined : given[name]
    if (typeof text === 'string') flags[key] = text
    else if (text === true) flags[key] = 'true'
  }
  const { settings: file } = given
  const settings = loadSettings({
    folder: process.cwd(),
    file: typeof file === 'string' ? file : undefined,
    environment: process.env,
    flags,
  })
  for (const warning of settings.warnings) printMessage(warning)
  return settings
}

/** The value stays a text, so that it is parsed together with those of files and variables. */
function flagOf(key: SettingKey): Option | null {
  const { flag, placeholder, doc, type, default: byDefault, isRepeatable } = getSetting(key)
  if (flag === null) return null
  const words = `${doc.replaceAll('`', '')} (default: ${type.show(byDefault)})`
  if (placeholder === '') return new Option(flag, words)
  const parse = optionParser(type)
  return new Option(`${flag} ${placeholder}`, words).argParser((text, before) => {
    parse(text)
    return isRepeatable && before !== undefined ? `${before},${text}` : text
  })
}
