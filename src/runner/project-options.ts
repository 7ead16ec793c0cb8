/** Options of a Node program whose project has a `cloaca.toml`. Its types must not depend on settings. */

import { loadSettings } from '../settings/settings.ts'
import type { RunnerOptions } from './runner-options.ts'
import { runnerOptionsFromSettings } from './start/setting-options.ts'

/** Options of `projectOptions`. */
export interface ProjectOptions {
  /** Folder with `cloaca.toml` or `package.json`. Default: the current folder. */
  readonly folder?: string
  /** Settings file that replaces `cloaca.toml` and `package.json`. Default: the value of `CLOACA_SETTINGS`. */
  readonly file?: string
  /** Environment variables. Default: those of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/**
 * Returns the options from `cloaca.toml` (or the key `cloaca` of `package.json`) and the environment, for
 * `Runner.open({ ...projectOptions(), log })`. Throws `INVALID_SETTINGS` with a list of all invalid settings.
 */
export function projectOptions({ folder = '.', file, environment = process.env }: ProjectOptions = {}): RunnerOptions {
  return runnerOptionsFromSettings(loadSettings({ folder, file, environment }))
}
