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
        <Fact name="Latest tick">
          <LatestTick trigger={trigger} />
        </Fact>
        <Fact name="Next tick">
          <span title={nextAt === null ? '' : exactTime(nextAt)}>{nextPollInWords(trigger, now.value)}</span>
        </Fact>
        <Fact name="Polled">
          {shownInterval(pollIntervalMs)}
          {pollIntervalMs !== declared.pollIntervalMs && (
            <span class="faint"> (set by hand; the code says {shownDuration(declared.pollIntervalMs)})</span>
          )}
        </Fact>
        <Fact name="Starts workflow">
          <Link to={addressFor('workflows', workflow)}>{workflow}</Link>
          {' · '}
          <Link to={`/executions?trigger=${encodeURIComponent(trigger.name)}`}>its executions</Link>
        </Fact>
        <Fact name="Policy">{policyInWords(trigger)}</Fact>
        {failuresInRow > 0 && (
          <Fact name="Failures in a row">
            <span class="bad">{failuresInRow}</span>
          </Fact>
        )}
        {note !== null && <Fact name={enabled ? 'Note' : 'Disabled, because'}>{note}</Fact>}
        {place !== null && (
          <Fact name="Source">
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
    allowConcurrent ? 'equal firings run side by side' : 'one active execution for each context',
    maxActive === null ? null : `${maxActive} active at most`,
    timeoutMs === null ? null : `stopped after ${shownDuration(timeoutMs)}`,
    jitterMs === null ? null : `jitter ${shownDuration(jitterMs)}`,
    pauseAfter === null ? null : `disabled after ${pauseAfter} failures in a row`,
    onChange ? 'fires when its answer changes' : null,
  ]
  return parts.filter((part) => part !== null).join(', ')
}
