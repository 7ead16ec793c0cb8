/** Settings that restrict scripts. Used by commands that load scripts. */

import type { SettingKey } from '../../settings/settings-table.ts'

export const RESTRICTION_KEYS = [
  'restrict',
  'allow-read',
  'allow-write',
  'allow-net',
  'allow-env',
  'allow-ffi',
] as const satisfies readonly SettingKey[]
