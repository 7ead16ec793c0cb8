/** What is to be known of a trigger at a glance: its last tick, the next, what it starts, where it is written, its policy. */

import type { Trigger } from '../api/answers.ts'
import { now } from '../live/clock.ts'
import { shownDuration, shownInterval } from '../parts/durations.ts'
import { Fact } from '../parts/fact.tsx'
import { OutcomeBadge } from '../parts/outcomes.tsx'
import { Time } from '../parts/time.tsx'
import { exactTime } from '../parts/zone.ts'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { nextPollAt, nextPollInWords } from './polling.ts'

export function TriggerFacts({ trigger }: { readonly trigger: Trigger }) {
  const { workflow, pollIntervalMs, declared, failuresInRow, note, enabled, description, place } = trigger
  const nextAt = nextPollAt(trigger)
  return (
    <>
      {description !== null && <p class="docstring">{description}</p>}
      <dl class="fact-grid">
        <Fact name="Last poll">
          <LatestTick trigger={trigger} />
        </Fact>
        <Fact name="Next poll">
          <span title={nextAt === null ? '' : exactTime(nextAt)}>{nextPollInWords(trigger, now.value)}</span>
        </Fact>
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

function LatestTick({ trigger: { lastTick } }: { readonly trigger: Trigger }) {
  if (lastTick === null) return <span class="faint">none yet</span>
  const { outcome, lastAt, executionId } = lastTick
  return (
    <>
      <OutcomeBadge outcome={outcome} /> <Time at={lastAt} />
      {executionId !== null && (
        <>
          {' · '}
          <Link to={addressFor('executions', executionId)}>execution</Link>
        </>
      )}
    </>
  )
}

function policyInWords({ policy, allowConcurrent }: Trigger): string {
  const { timeoutMs, jitterMs, maxActive, pauseAfter, onChange } = policy
  const parts = [
    allowConcurrent ? 'concurrent executions with the same context are allowed' : 'one active execution per context',
    maxActive === null ? null : `at most ${maxActive} active executions`,
    timeoutMs === null ? null : `timeout ${shownDuration(timeoutMs)}`,
    jitterMs === null ? null : `jitter ${shownDuration(jitterMs)}`,
    pauseAfter === null ? null : `disabled after ${pauseAfter} consecutive failures`,
    onChange ? 'fires only when the result changes from skip to fire' : null,
  ]
  return parts.filter((part) => part !== null).join(', ')
}
