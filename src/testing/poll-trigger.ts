/** `pollTrigger`: calls the function of a trigger once, in the process of the test. */

import * as v from 'valibot'
import { isTrigger, moduleDeclarations } from '../authoring/definition.ts'
import type { FiredBy, StateBy, Trigger } from '../authoring/types/trigger-types.ts'
import type { TickResult } from '../engine/ports.ts'
import { firingContext } from '../engine/starts/firing-context.ts'
import { InternalError, UsageError } from '../errors.ts'
import { frozenContext } from '../functions/context-values.ts'
import { type JsonObject, parseContext, toContextText } from '../model/context.ts'
import type { LogRecord } from '../model/logs/log-record.ts'
import { DEFAULT_STATE_BYTES, type TriggerDefinition } from '../model/trigger.ts'
import { codec } from '../native/index.ts'
import { type OptionSchema, type Owner, parseOptions } from '../options/checked.ts'
import { durationAtLeast, optionsSchema } from '../options/schemas.ts'
import { takenClock } from './fake-clock.ts'
import { KeptLog } from './output.ts'
import { realLimit } from './real-limit.ts'
import { TEST_SCRIPT, testHost } from './run-workflow.ts'
import type { PollTriggerOptions } from './test-options.ts'
import { type FiringKeys, failureFields, type PollResult } from './test-results.ts'

const DEFAULT_LIMIT_MS = 30_000
const TRIGGER = v.custom<Trigger>(isTrigger, 'a trigger, as trigger() returns it')
const OPTIONS = optionsSchema({
  clock: v.unknown(),
  pollTimeout: durationAtLeast(1),
  state: v.custom<object>((value) => typeof value === 'object' && value !== null, 'a JSON object'),
} satisfies Record<keyof PollTriggerOptions, OptionSchema>)
const OWNER: Owner = { what: 'pollTrigger()' }

/**
 * Polls a trigger once, in the process of the test. An exception of its function is a result, not an error.
 *
 * @param trigger Polled trigger; a cron trigger has no function.
 * @param options State before the poll, clock and time limit.
 * @returns Result of the poll, with the firings and the state after it. `context` is the context of the first firing.
 * @throws `UsageError` (`INVALID_ARGUMENT`) for an invalid argument.
 * @example
 * const fired = await pollTrigger(inbox)
 * const run = await runWorkflow(orders, fired.context)
 */
export async function pollTrigger<Any extends Trigger>(
  trigger: Any,
  options: PollTriggerOptions<StateBy<Any>> = {},
): Promise<PollResult<FiredBy<Any>, StateBy<Any>>> {
  const { pollTimeout = DEFAULT_LIMIT_MS, state } = parseOptions(OPTIONS, options, '', OWNER)
  const { declarations, functions } = moduleDeclarations([polledTrigger(trigger)], TEST_SCRIPT)
  const definition = declarations.triggers[0]
  if (definition === undefined) throw new InternalError('pollTrigger() found no definition of the trigger.')
  const deadlineMs = definition.policy.timeoutMs ?? pollTimeout
  const stateText = stateBefore(definition, state)
  const clock = takenClock(options.clock, 'pollTrigger()')
  clock.isTaken = true
  const host = testHost(clock, null)
  const log = new KeptLog()
  try {
    host.use(TEST_SCRIPT, functions)
    using _limit = realLimit(clock, deadlineMs)
    const outcome = await host.poll({
      ...{ script: TEST_SCRIPT, trigger: definition.name, deadlineMs, log: log.sink },
      ...(stateText !== undefined && { stateText, maxStateBytes: DEFAULT_STATE_BYTES }),
    })
    const polled = { outcome, at: clock.now(), log: log.records, stateText }
    return resultOf(definition, polled) as PollResult<FiredBy<Any>, StateBy<Any>>
  } finally {
    clock.isTaken = false
    host.close()
  }
}

function polledTrigger(given: unknown): Trigger {
  const trigger = parseOptions(TRIGGER, given, 'trigger', OWNER)
  if (trigger.declared.poll !== null) return trigger
  const message = `Trigger "${trigger.name}" has a schedule instead of a function, so it cannot be polled.`
  throw new UsageError('INVALID_ARGUMENT', message, { trigger: trigger.name })
}

/** Returns the text of the state that the function receives, or undefined if it takes none. */
function stateBefore({ name, initialStateText }: TriggerDefinition, state: object | undefined): string | undefined {
  if (state === undefined) return initialStateText
  if (initialStateText !== undefined) return toContextText(state as JsonObject)
  const message = `Trigger "${name}" takes no state. Remove "state", or add the option "state" to the trigger.`
  throw new UsageError('TRIGGER_HAS_NO_STATE', message, { trigger: name, path: 'state' })
}

interface Polled {
  readonly outcome: TickResult
  readonly at: number
  readonly log: readonly LogRecord[]
  /** State before the poll. */
  readonly stateText: string | undefined
}

function resultOf({ name, workflow }: TriggerDefinition, { outcome, at, log, stateText }: Polled): PollResult {
  if (outcome.kind === 'notStarted')
    throw new InternalError(`pollTrigger() did not call the function of trigger "${name}".`)
  const error = outcome.kind === 'failed' || outcome.kind === 'timedOut' ? outcome.error : null
  const reason = outcome.kind === 'skipped' ? outcome.reason : null
  const firings = (outcome.kind === 'fired' ? outcome.firings : []).map(({ contextText, key = null }) => {
    const { inputText } = firingContext(contextText, { name }, at, codec)
    return { key, context: frozenContext(inputText) as JsonObject & FiringKeys }
  })
  const after = outcome.kind === 'fired' || outcome.kind === 'skipped' ? outcome.stateText : stateText
  return {
    trigger: name,
    outcome: outcome.kind,
    workflow,
    firings,
    state: after === undefined ? undefined : parseContext(after),
    get context() {
      if (firings[0] !== undefined) return firings[0].context
      const why =
        error === null ? `it skipped${reason === null ? '' : `: ${reason}`}` : `${error.message}\n${error.traceback}`
      throw new Error(`Trigger "${name}" did not fire: ${why}`) // Uncoded: an assertion that failed in a test of a user
    },
    reason,
    ...failureFields(error),
    log,
  }
}
