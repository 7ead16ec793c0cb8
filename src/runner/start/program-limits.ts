/** Options of `startProgram`. A file of its own, because declarations of a package must not need types of Node. */

import type { PythonOptions } from '../../border/protocol.ts'
import type { StreamBackends } from '../../engine/graphs/stream-port.ts'
import type { HostLimits } from '../../host/process/host-limits.ts'
import type { Restriction } from '../../host/restriction/restriction.ts'
import type { SecretProvider } from '../../secrets/provider.ts'
import type { LimitSetting } from '../../settings/limit-settings.ts'
import type { Durability } from './database-choice.ts'

/** Options of `startProgram`, with the defaults of `RunnerOptions`. */
export type ProgramLimits = Partial<Pick<HostLimits, 'memoryMebibytes' | 'threads'>> & {
  readonly durability?: Durability
  /** Restriction, as in `RunnerOptions`. The folder of the program's file is readable, else the current folder. */
  readonly restrict?: Restriction | null
  /** Restrictions by file, folder or module, as in `RunnerOptions`. Entries that do not match are ignored. */
  readonly restrictFor?: Readonly<Record<string, Restriction | null>>
  /** Source of secrets, as in `RunnerOptions`. */
  readonly secrets?: SecretProvider | string | null
  readonly streams?: StreamBackends
  /** Values that replace those of limits by key in the code, for runners of the program. Default: those of the code. */
  readonly limits?: Readonly<Record<string, LimitSetting>>
  /** Options of the Python interpreter. */
  readonly python?: PythonOptions
}
