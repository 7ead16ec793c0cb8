/**
 * All settings with their keys in `cloaca.toml` and `package.json`, types, defaults, environment variables and flags.
 * Used to read and print settings, and for the flags of commands and the table of the manual.
 */

import { ENGINE_SETTINGS } from './engine-settings.ts'
import { SERVICE_SETTINGS } from './service-settings.ts'
import type { Setting } from './setting-definition.ts'

export const SETTINGS = Object.freeze({ ...ENGINE_SETTINGS, ...SERVICE_SETTINGS })

export type SettingKey = keyof typeof SETTINGS

export type SettingValue<Key extends SettingKey> = (typeof SETTINGS)[Key] extends Setting<infer Value> ? Value : never

/** Keys in the order of the table. */
export const SETTING_KEYS = Object.freeze(Object.keys(SETTINGS)) as readonly SettingKey[]

/** Variables of cloaca that are not settings. */
export const OTHER_VARIABLES: ReadonlySet<string> = new Set(['CLOACA_CACHE_DIR', 'CLOACA_SETTINGS', 'CLOACA_TRACE'])

/** Variables that are hidden from scripts. */
export const PRIVATE_VARIABLES: ReadonlySet<string> = new Set(
  SETTING_KEYS.filter((key) => getSetting(key).isPrivate).map((key) => getSetting(key).variable),
)

/** Returns an entry of the table with a general type. */
export function getSetting(key: SettingKey): Setting<unknown> {
  return SETTINGS[key] as Setting<unknown>
}
