/** Decisions about incidents: how many messages a workflow or trigger causes that fails all the time. */

import { describe, expect, test } from 'vitest'
import { afterFailure, afterSuccess, type StoredIncident } from '../../src/store/steps/incidents/incident-state.ts'
import { incidentReport, START } from '../support/store-builders.ts'

const HOUR_MS = 3_600_000
const REPEAT_MS = 4 * HOUR_MS

/** Returns the messages of failures every half second, with successes in between at some of the times. */
function messagesOf(lastsMs: number, succeeds: (index: number) => boolean): readonly string[] {
  const messages: string[] = []
  let incident: StoredIncident | null = null
  for (let index = 0; index * 500 < lastsMs; index++) {
    const at = START + index * 500
    if (succeeds(index) && (incident === null || incident.endedAt !== null)) continue
    const next: ReturnType<typeof afterFailure> =
      incident !== null && succeeds(index)
        ? afterSuccess(incident, at)
        : afterFailure(incident, incidentReport({ at, repeatMs: REPEAT_MS }), () => 'i-1')
    incident = next.incident
    if (next.message !== null) messages.push(next.message)
  }
  return messages
}

describe('an incident', () => {
  test('that fails twice a second for an hour has one message', () => {
    expect(messagesOf(HOUR_MS, () => false)).toEqual(['opened'])
  })

  test.each([2, 3, 7, 100, 1_000])(
    'that fails for an hour, and succeeds at each %d. time, has two messages',
    (each) => {
      expect(messagesOf(HOUR_MS, (index) => index % each === each - 1)).toEqual(['opened', 'recovered'])
    },
  )

  test('that fails and succeeds for a day has at most two messages in each time of repetition', () => {
    const messages = messagesOf(24 * HOUR_MS, (index) => index % 3 === 2)

    expect(messages.slice(0, 4)).toEqual(['opened', 'recovered', 'repeated', 'recovered'])
    expect(messages.length).toBeLessThanOrEqual(2 * 6)
  })
})
