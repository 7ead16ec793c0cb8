/** Facts of a trigger: last tick, next poll, workflow, place in the code, policy. */

import type { Trigger } from '../api/answer-types.ts'
import { now } from '../live/live-clock.ts'
import { shownDuration, shownInterval } from '../parts/durations.ts'
import { Fact } from '../parts/fact.tsx'
import { OutcomeBadge, outcomeReason } from '../parts/outcome-badge.tsx'
import { Time } from '../parts/time.tsx'
import { exactTime } from '../parts/zone.ts'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { expectationInWords, tagsInWords } from '../schedules/expectation.ts'
import { isNextPollShown, nextPollAt, nextPollInWords } from './polling.ts'
import { firingsInWords, TickExecutions } from './ticks/tick-executions.tsx'

export function TriggerFacts({ trigger }: { readonly trigger: Trigger }) {
  const { workflow, pollIntervalMs, declared, tags, priority, failuresInRow, note, enabled, description, place } =
    trigger
  const { waitingExecutions } = trigger
  const nextAt = nextPollAt(trigger)
  return (
    <>
      {description !== null && <p class="docstring">{description}</p>}
      <dl class="fact-grid two-facts">
        <Fact name="Last poll">
          <LatestTick trigger={trigger} />
        </Fact>
        {(isNextPollShown(trigger) || !enabled || waitingExecutions > 0) && (
          <Fact name="Next poll">
            <span title={nextAt === null ? '' : exactTime(nextAt)}>{nextPollInWords(trigger, now.value)}</span>
          </Fact>
        )}
        <Fact name="Poll interval">
          {shownInterval(pollIntervalMs)}
          {pollIntervalMs !== declared.pollIntervalMs && (
            <span class="faint"> (overridden; the code declares {shownDuration(declared.pollIntervalMs)})</span>
          )}
        </Fact>
        <Fact name="Workflow">
          <Link to={addressFor('workflows', workflow)}>{workflow}</Link>
          {' · '}
          <Link to={`/executions?trigger=${encodeURIComponent(trigger.name)}`}>executions</Link>
        </Fact>
        <Fact name="Policy">{policyInWords(trigger)}</Fact>
        {priority !== null && <Fact name="Priority">{priority}</Fact>}
        {tags !== null && <Fact name="Tags">{tagsInWords(tags) || 'none'}</Fact>}
        {waitingExecutions > 0 && (
          <Fact name="Waiting">
            <Waiting trigger={trigger} />
          </Fact>
        )}
        {failuresInRow > 0 && (
          <Fact name="Consecutive failures">
            <span class="bad">{failuresInRow}</span>
          </Fact>
        )}
        {note !== null && <Fact name={enabled ? 'Note' : 'Reason for disabling'}>{note}</Fact>}
        {place !== null && (
          <Fact name="Code">
            <code title={place.file}>
              {place.file.split(/[/\\]/).slice(-2).join('/')}:{place.line}
            </code>
          </Fact>
        )}
      </dl>
    </>
  )
}

function LatestTick({ trigger: { name, lastTick } }: { readonly trigger: Trigger }) {
  if (lastTick === null) return <span class="faint">none yet</span>
  const { outcome, lastAt, executionId, firings } = lastTick
  const reason = outcomeReason(lastTick)
  const hasExecutions = executionId !== null || firings > 1
  return (
    <>
      <OutcomeBadge outcome={outcome} /> <Time at={lastAt} />
      {hasExecutions && ' · '}
      {firingsInWords(lastTick)}{' '}
      <TickExecutions name={name} tick={lastTick}>
        execution
      </TickExecutions>
      {reason !== null && (
        <div class="small faint clamp" title={reason}>
          {reason}
        </div>
      )}
    </>
  )
}

/** The executions that wait, with a link to them, and the reason why the trigger is not polled. */
function Waiting({ trigger: { name, waitingExecutions: count, policy } }: { readonly trigger: Trigger }) {
  const until = policy.maxActive === null ? 'others have ended' : `fewer than ${policy.maxActive} are active`
  return (
    <>
      <Link to={`/executions?${new URLSearchParams({ trigger: name, status: 'Pending' })}`}>
        {count.toLocaleString('en')} {count === 1 ? 'execution' : 'executions'}
      </Link>{' '}
      until {until}. The trigger is not polled before.
    </>
  )
}

function policyInWords({ policy, allowConcurrent }: Trigger): string {
  const { timeoutMs, jitterMs, maxActive, pauseAfter, onChange, expectFireMs, keyTtlMs } = policy
  const parts = [
    allowConcurrent ? 'concurrent executions with the same context are allowed' : 'one active execution per context',
    maxActive === null ? null : `at most ${maxActive} active executions`,
    timeoutMs === null ? null : `timeout ${shownDuration(timeoutMs)}`,
    jitterMs === null ? null : `jitter ${shownDuration(jitterMs)}`,
    pauseAfter === null ? null : `disabled after ${pauseAfter} consecutive failures`,
    keyTtlMs === null
      ? null
      : keyTtlMs === 'never'
        ? 'keys never expire'
        : `keys expire after ${shownDuration(keyTtlMs)}`,
    onChange ? 'fires only when the result changes from skip to fire' : null,
    expectationInWords(expectFireMs),
  ]
  return parts.filter((part) => part !== null).join(', ')
}
