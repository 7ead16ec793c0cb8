/** The settings that say what scripts are held to. Used by whatever command loads some. */

import type { SettingKey } from '../../settings/table.ts'

export const RESTRICTION_KEYS = [
  'restrict',
  'allow-read',
  'allow-write',
  'allow-net',
  'allow-env',
  'allow-ffi',
] as const satisfies readonly SettingKey[]
