/**
 * Flags for settings, made from the table of `src/settings/`, and the settings that count for a command that was given some.
 * Used by whatever command heeds settings.
 */

import { type Command, InvalidArgumentError, Option } from 'commander'
import { loadSettings, type Settings } from '../../settings/settings.ts'
import { SETTING_KEYS, type SettingKey, settingOf } from '../../settings/table.ts'
import { printMessage } from '../print.ts'

const FILE = new Option('--settings <file>', 'read settings from this file (default: cloaca.toml or package.json)')

/** Adds the flags of these settings, in their order, and that of the file with settings. By default those of all settings. */
export function withSettings(command: Command, keys: readonly SettingKey[] = SETTING_KEYS): Command {
  if (!command.options.includes(FILE)) command.addOption(FILE)
  for (const key of keys) {
    const option = flagOf(key)
    if (option !== null) command.addOption(option)
  }
  return command
}

/** `options`: what the command was given. Throws `INVALID_SETTINGS`. */
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

/** Its value stays a text, so that it is read where those of files and variables are. */
function flagOf(key: SettingKey): Option | null {
  const { flag, placeholder, doc, type, default: byDefault, isRepeatable } = settingOf(key)
  if (flag === null) return null
  const words = `${doc.replaceAll('`', '')} (default: ${type.show(byDefault)})`
  if (placeholder === '') return new Option(flag, words)
  return new Option(`${flag} ${placeholder}`, words).argParser((text, before) => {
    if (type.readText(text) === undefined) throw new InvalidArgumentError(`Expected ${type.expected}.`)
    return isRepeatable && before !== undefined ? `${before},${text}` : text
  })
}
