/** `runner.register`: workflows and triggers of a program itself, and how the compiler sees `execute`. Used by `runner.ts`. */

import { UsageError } from '../../errors.ts'
import type { ModuleScripts } from '../../functions/module-scripts.ts'
import type { LiveRegistry } from '../../registry/live-registry.ts'
import type { RegistryProblem } from '../../registry/registry.ts'

/** The script of what a program registers itself. */
export const REGISTERED_SCRIPT = '__main__'

export interface ExecuteLimits {
  /** How long the result is waited for, in milliseconds; the execution goes on. Default, and null: for ever. */
  readonly timeoutMs?: number | null
}

/** The context may be left out where the workflow needs nothing. */
export type ExecuteArguments<Input> =
  Record<never, never> extends Input
    ? [context?: Input, options?: ExecuteLimits]
    : [context: Input, options?: ExecuteLimits]

/** All of them, or none where something is wrong. False: they are in use when the script is that registers them. */
export async function registerValues(
  modules: ModuleScripts,
  registry: LiveRegistry,
  values: readonly unknown[],
): Promise<boolean> {
  const declared = modules.register(values, REGISTERED_SCRIPT)
  if (declared === null) return false
  const [problem] = registry.replaceScript(REGISTERED_SCRIPT, declared)
  if (problem !== undefined) throw refused(problem)
  return true
}

function refused(problem: RegistryProblem): UsageError {
  const isTwice = problem.kind === 'duplicateTrigger' || problem.kind === 'duplicateWorkflow'
  return new UsageError(isTwice ? 'DECLARED_TWICE' : 'INVALID_ARGUMENT', problem.message)
}
