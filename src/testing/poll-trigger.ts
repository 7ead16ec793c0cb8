/** `pollTrigger`: calls the function of a trigger once, in the process of the test. */

import { declarationsOf, isTrigger } from '../authoring/definition.ts'
import type { FiredBy, Trigger } from '../authoring/types/trigger.ts'
import { firingContext } from '../engine/firing-context.ts'
import type { NotEntered } from '../engine/ports.ts'
import { InternalError, UsageError } from '../errors.ts'
import { frozenContext } from '../functions/context-values.ts'
import { shownValue } from '../model/arguments.ts'
import type { JsonObject } from '../model/context.ts'
import type { LogRecord } from '../model/log.ts'
import type { PollOutcome, TriggerDefinition } from '../model/trigger.ts'
import { codec } from '../native/index.ts'
import { takenClock } from './fake-clock.ts'
import { KeptLog } from './output.ts'
import { realLimit } from './real-limit.ts'
import { type FiringKeys, failureFields, type PollResult } from './results.ts'
import { limitOf, refuseUnknown, TEST_SCRIPT, testHost } from './run-workflow.ts'
import type { PollTriggerOptions } from './types.ts'

const DEFAULT_LIMIT_MS = 30_000
const OPTIONS: readonly (keyof PollTriggerOptions)[] = ['clock', 'pollTimeout']

/**
 * Polls a trigger once, in the process of the test. An exception of its function is a result, not an error.
 *
 * @param trigger Polled trigger; a cron trigger has no function.
 * @param options Clock and time limit.
 * @returns Result of the poll; `context` is the initial context of the workflow.
 * @throws `UsageError` (`INVALID_ARGUMENT`) for an invalid argument.
 * @example
 * const fired = await pollTrigger(inbox)
 * const run = await runWorkflow(orders, fired.context)
 */
export async function pollTrigger<Any extends Trigger>(
  trigger: Any,
  options: PollTriggerOptions = {},
): Promise<PollResult<FiredBy<Any>>> {
  refuseUnknown(options, OPTIONS)
  const { declarations, functions } = declarationsOf([polledTrigger(trigger)], TEST_SCRIPT)
  const definition = declarations.triggers[0]
  if (definition === undefined) throw new InternalError('pollTrigger() found no definition of the trigger.')
  const deadlineMs = definition.policy.timeoutMs ?? limitOf(options.pollTimeout, 'pollTimeout', DEFAULT_LIMIT_MS)
  const clock = takenClock(options.clock)
  clock.isTaken = true
  const host = testHost(clock, null)
  const log = new KeptLog()
  try {
    host.use(TEST_SCRIPT, functions)
    using _limit = realLimit(clock, deadlineMs)
    const outcome = await host.poll({ script: TEST_SCRIPT, trigger: definition.name, deadlineMs, log: log.sink })
    return resultOf(definition, outcome, clock.now(), log.records) as PollResult<FiredBy<Any>>
  } finally {
    clock.isTaken = false
    host.close()
  }
}

function polledTrigger(trigger: unknown): Trigger {
  if (!isTrigger(trigger)) {
    const message =
      'The argument of pollTrigger() must be a trigger, as trigger() returns it, but ' +
      `${shownValue(trigger)} was given.`
    throw new UsageError('INVALID_ARGUMENT', message, { path: 'trigger' })
  }
  if (trigger.declared.poll !== null) return trigger
  const message = `Trigger "${trigger.name}" has a schedule instead of a function, so it cannot be polled.`
  throw new UsageError('INVALID_ARGUMENT', message, { trigger: trigger.name })
}

function resultOf(
  { name, workflow }: TriggerDefinition,
  outcome: PollOutcome | NotEntered,
  at: number,
  log: readonly LogRecord[],
): PollResult {
  if (outcome.kind === 'notEntered')
    throw new InternalError(`pollTrigger() did not call the function of trigger "${name}".`)
  const error = outcome.kind === 'failed' || outcome.kind === 'timedOut' ? outcome.error : null
  const reason = outcome.kind === 'skipped' ? outcome.reason : null
  const fired = outcome.kind === 'fired' ? firingContext(outcome.contextText, { name }, at, codec).inputText : null
  return {
    trigger: name,
    outcome: outcome.kind,
    workflow,
    get context() {
      if (fired !== null) return frozenContext(fired) as JsonObject & FiringKeys
      const why =
        error === null ? `it skipped${reason === null ? '' : `: ${reason}`}` : `${error.message}\n${error.traceback}`
      throw new Error(`Trigger "${name}" did not fire: ${why}`)
    },
    reason,
    ...failureFields(error),
    log,
  }
}
