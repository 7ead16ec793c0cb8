/** Incidents of an engine in tests: its policy, and the incidents and messages in its store. */

import type { IncidentPolicy, RoutedFacts } from '../../src/engine/incidents/incident-policy.ts'
import type { IncidentReport } from '../../src/engine/incidents/incident-report.ts'
import type { Store } from '../../src/engine/store.ts'
import { ALERT_KINDS } from '../../src/model/alert.ts'
import type { ManualClock } from './manual-clock.ts'
import { FIRST_PAGE } from './running-engine.ts'

export class TestPolicy implements IncidentPolicy {
  readonly kinds
  readonly failuresInRow = 3
  readonly lateByMs = 60_000
  readonly repeatMs = 4 * 3_600_000
  readonly cooldownMs = 600_000
  readonly sendsRecovery = true
  /** Facts for which receivers were chosen. */
  readonly routed: RoutedFacts[] = []
  /** Reports that were to be sent without the database. */
  readonly direct: IncidentReport[] = []

  constructor(kinds: IncidentPolicy['kinds'] = new Set(ALERT_KINDS)) {
    this.kinds = kinds
  }

  targets(about: RoutedFacts) {
    this.routed.push(about)
    return [{ receiver: 'oncall', to: 'url' }] as const
  }

  sendDirectly(report: IncidentReport): void {
    this.direct.push(report)
  }
}

/** Returns the messages, oldest first. */
export async function messagesIn(store: Store) {
  return (await store.incidents.listAlerts(FIRST_PAGE)).toReversed()
}

/** Returns texts such as `trigger-late inbox 2 open`, by the last failure, newest first. */
export async function incidentsIn(store: Store): Promise<readonly string[]> {
  const incidents = await store.incidents.listIncidents(FIRST_PAGE)
  return incidents.map(({ kind, subject, count, endedAt }) => {
    return `${kind} ${subject} ${count} ${endedAt === null ? 'open' : 'ended'}`
  })
}

/** Lets a long time pass quickly: timers run late, as after a standstill, and then for 20 s at their times. */
export async function pass(clock: ManualClock, ms: number): Promise<void> {
  clock.standStill(ms - 20_000)
  await clock.advance(20_000)
}
