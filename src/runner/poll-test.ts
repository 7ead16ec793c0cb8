/** Polls a trigger for a test: collects its output, and measures its duration. */

import type { Clock } from '../engine/clock-port.ts'
import type { EngineConfig } from '../engine/engine-config.ts'
import type { PollRequest } from '../engine/ports.ts'
import { statelessError } from '../engine/services/triggers/trigger-states.ts'
import { PollLog } from '../engine/triggers/poll-log.ts'
import { toError, UsageError } from '../errors.ts'
import { type ContextText, checkedContextText } from '../model/context.ts'
import { logRecords } from '../model/logs/log-record.ts'
import type { PollOutcome, PollTest, TriggerDefinition } from '../model/trigger.ts'

/** Options of `runner.testPoll`. */
export interface TestPollOptions {
  /** JSON text of the state that the function receives. Default: the stored state. */
  readonly stateText?: string
}

interface Ports {
  readonly config: Pick<EngineConfig, 'pollDeadlineMs' | 'pollLogBytes' | 'triggerStateBytes'>
  readonly clock: Clock
  readonly poll: (request: PollRequest) => Promise<PollOutcome>
  /** Returns the stored state, or null before its first change. */
  readonly storedState: (trigger: string) => Promise<ContextText | null>
}

/** Throws `INVALID_ARGUMENT` for a trigger that is not polled, and `TRIGGER_HAS_NO_STATE`. */
export async function pollTest(
  definition: TriggerDefinition,
  { stateText }: TestPollOptions,
  { config, clock, poll, storedState }: Ports,
): Promise<PollTest> {
  const { name: trigger, script, timing, policy, initialStateText } = definition
  if (timing.kind === 'cron') {
    const message = `Trigger "${trigger}" has a cron schedule, so it is not polled.`
    throw new UsageError('INVALID_ARGUMENT', message, { trigger })
  }
  if (stateText !== undefined && initialStateText === undefined) throw statelessError(trigger)
  const given = stateText === undefined ? null : checkedState(stateText)
  const state = initialStateText && {
    stateText: given ?? (await storedState(trigger)) ?? initialStateText,
    maxStateBytes: config.triggerStateBytes,
  }
  const log = new PollLog(config.pollLogBytes)
  const begunAt = clock.monotonic()
  const deadlineMs = policy.timeoutMs ?? config.pollDeadlineMs
  const outcome = await poll({ script, trigger, deadlineMs, log: log.sink, ...(state ? state : {}) })
  const durationMs = Math.round(clock.monotonic() - begunAt)
  return { outcome, durationMs, records: logRecords(log.take() ?? '') }
}

function checkedState(text: string): ContextText {
  try {
    return checkedContextText(text)
  } catch (cause) {
    const why = `The state to test with must be the text of a JSON object: ${toError(cause).message}`
    throw new UsageError('INVALID_ARGUMENT', why, { path: 'stateText', cause })
  }
}
