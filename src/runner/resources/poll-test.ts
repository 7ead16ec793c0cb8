/** Polls a trigger to see what it does: gathers what it prints, and measures. */

import type { EngineConfig } from '../../engine/config.ts'
import type { Clock, PollRequest } from '../../engine/ports.ts'
import { PollLog } from '../../engine/triggers/poll-log.ts'
import { UsageError } from '../../errors.ts'
import { logRecords } from '../../model/log.ts'
import type { PollOutcome, PollTest, TriggerDefinition } from '../../model/trigger.ts'

/** Throws `INVALID_ARGUMENT` for one that has no poll. */
export async function pollTest(
  { name: trigger, script, timing, policy }: TriggerDefinition,
  { pollDeadlineMs, pollLogBytes }: Pick<EngineConfig, 'pollDeadlineMs' | 'pollLogBytes'>,
  clock: Clock,
  poll: (request: PollRequest) => Promise<PollOutcome>,
): Promise<PollTest> {
  if (timing.kind === 'cron') {
    const message = `Trigger "${trigger}" has a cron schedule, so it is not polled.`
    throw new UsageError('INVALID_ARGUMENT', message, { trigger })
  }
  const log = new PollLog(pollLogBytes)
  const begunAt = clock.monotonic()
  const outcome = await poll({ script, trigger, deadlineMs: policy.timeoutMs ?? pollDeadlineMs, log: log.sink })
  const durationMs = Math.round(clock.monotonic() - begunAt)
  return { outcome, durationMs, records: logRecords(log.take() ?? '') }
}
