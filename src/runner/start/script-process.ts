/** This process as scripts shall see it: without what is secret. Used by `composition.ts` and `program-start.ts`. */

import type { ProcessSettings } from '../../border/protocol.ts'
import {
  currentEnvironment,
  currentProcessSettings,
  type SettingsOptions,
} from '../../host/environment/process-settings.ts'
import { isSecretVariable } from '../../secrets/variables.ts'
import { PRIVATE_VARIABLES } from '../../settings/table.ts'

/** `notice` hears of packages that are not used, and of what cannot be made. */
export function scriptProcess(
  argv: readonly string[],
  notice: (message: string) => void,
  options: SettingsOptions,
): ProcessSettings {
  return { ...currentProcessSettings(argv, notice, options), environ: scriptEnvironment() }
}

/** A script has no use for what is secret, and may print its environment. */
export function scriptEnvironment(): Readonly<Record<string, string>> {
  const shown = Object.entries(currentEnvironment()).filter(
    ([name]) => !PRIVATE_VARIABLES.has(name) && !isSecretVariable(name),
  )
  return Object.fromEntries(shown)
}
