/** Arguments of `runner.execute`, and their checks. */

import type { ExecuteOptions } from '../../engine/engine-options.ts'
import { keyArgument, numberArgument, textArgument } from '../../model/arguments.ts'
import { priorityArgument } from '../../model/limits/limits.ts'

/** Arguments of `execute`. The context is optional if the workflow requires no value. */
export type ExecuteArguments<Input> =
  Record<never, never> extends Input
    ? [context?: Input, options?: ExecuteOptions]
    : [context: Input, options?: ExecuteOptions]

/** Throws `INVALID_ARGUMENT`. JavaScript callers may pass other types. */
export function checkExecuteArguments(workflow: unknown, options: ExecuteOptions | undefined): void {
  textArgument(workflow, 'workflow')
  const timeoutMs = options?.timeoutMs ?? null
  if (timeoutMs !== null) numberArgument(timeoutMs, 'timeoutMs', 0)
  if (options?.key !== undefined) keyArgument(options.key)
  if (options?.priority !== undefined) priorityArgument(options.priority)
}
