/** `runner.register`: workflows and triggers of a program itself, and types of `execute`. Used by `runner.ts`. */

import { UsageError } from '../../errors.ts'
import type { ModuleScripts } from '../../functions/module-scripts.ts'
import type { LiveRegistry } from '../../registry/live-registry.ts'
import type { RegistryProblem } from '../../registry/registry.ts'

/** Script name for the declarations of the program itself. */
export const REGISTERED_SCRIPT = '__main__'

/** Registers all values, or none if one is invalid. Returns false if they come into use together with their script. */
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
  if (problem.kind === 'limitConflict') {
    return new UsageError('LIMIT_CONFLICT', problem.message, { limit: problem.limit })
  }
  const isTwice = problem.kind === 'duplicateTrigger' || problem.kind === 'duplicateWorkflow'
  return new UsageError(isTwice ? 'DECLARED_TWICE' : 'INVALID_ARGUMENT', problem.message)
}
