/** Environment of this process for scripts and commands, without secrets. Used by both composition roots. */

import type { ProcessSettings } from '../../border/protocol.ts'
import {
  currentEnvironment,
  currentProcessSettings,
  type SettingsOptions,
} from '../../host/environment/process-settings.ts'
import { isSecretVariable } from '../../secrets/variables.ts'
import { PRIVATE_VARIABLES, SETTINGS } from '../../settings/settings-table.ts'

/** Variables with a password of the database, which the command of alerts does not need. */
const DATABASE_VARIABLES: ReadonlySet<string> = new Set([SETTINGS.database.variable, 'PGPASSWORD'])

/** `notice` receives warnings about packages that are not used, and about a Python launcher that cannot be created. */
export function scriptProcess(
  argv: readonly string[],
  notice: (message: string) => void,
  options: SettingsOptions,
): ProcessSettings {
  return { ...currentProcessSettings(argv, notice, options), environ: scriptEnvironment() }
}

/** Omits secrets, since a script may print its environment. */
export function scriptEnvironment(): Readonly<Record<string, string>> {
  const shown = Object.entries(currentEnvironment()).filter(
    ([name]) => !PRIVATE_VARIABLES.has(name) && !isSecretVariable(name),
  )
  return Object.fromEntries(shown)
}

/** Returns the environment for the command of alerts, which has no secrets and cannot open the database with it. */
export function commandEnvironment(): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(scriptEnvironment()).filter(([name]) => !DATABASE_VARIABLES.has(name)))
}
