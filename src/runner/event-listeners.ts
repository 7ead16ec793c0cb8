/**
 * Parts beside the engines of a runner: log lines, alerts and spans. The runner opens them first and closes them last.
 */

import { EngineAlerts } from '../alerts/engine-alerts.ts'
import { HealthRequests } from '../alerts/health-requests.ts'
import type { Clock } from '../engine/clock-port.ts'
import type { EngineEvents } from '../engine/engine-events.ts'
import type { IncidentPolicy } from '../engine/incidents/incident-policy.ts'
import type { Store } from '../engine/store.ts'
import { openSpans } from '../tracing/open-spans.ts'
import type { Spans } from '../tracing/spans.ts'
import { type LogSink, watchForLog } from './log/event-log-lines.ts'
import type { CheckedOptions } from './runner-options.ts'
import { commandEnvironment } from './start/script-process.ts'

/** Maximum time in which a runner that closes sends the last alerts and spans. */
const SENT_WITHIN_MS = 5_000

interface ListenerParts {
  readonly options: CheckedOptions
  readonly clock: Clock
  readonly log: LogSink
}

export class EventListeners {
  readonly #parts: ListenerParts
  readonly #alerts: EngineAlerts | null
  readonly #spans: Spans | null
  #health: HealthRequests | null = null

  private constructor(parts: ListenerParts, store: Store, events: EngineEvents, spans: Spans | null) {
    this.#parts = parts
    // An engine that only reads its database sends no alerts.
    this.#alerts = parts.options.readOnly ? null : this.alertsFor(store, events, parts.clock)
    this.#spans = spans
    spans?.watch(events)
  }

  /** `events`: those of the engine of the runner, whose log lines are written by the caller. */
  static async open(parts: ListenerParts, store: Store, events: EngineEvents): Promise<EventListeners> {
    const spans = await openSpans(parts.clock, (message) => parts.log({ level: 'warn', message }))
    return new EventListeners(parts, store, events, spans)
  }

  /** For the engine of the runner. Null if it reports no incidents. */
  get incidents(): IncidentPolicy | null {
    return this.#alerts?.policy ?? null
  }

  /** Watches an engine that a script opens. */
  watch(events: EngineEvents): void {
    watchForLog(events, this.#parts.log)
    this.#spans?.watch(events)
  }

  /** Creates the alerts of an engine that a script opens. The caller closes them. */
  alertsFor(store: Store, events: EngineEvents, clock: Clock): EngineAlerts {
    const { options, log } = this.#parts
    const warn = (message: string): void => log({ level: 'warn', message })
    const ports = { store: store.incidents, events, clock, warn, environment: commandEnvironment }
    return EngineAlerts.open(options.alerts ?? {}, ports)
  }

  /** Begins to request the URL that expects a request while the engine is healthy. May be called again. */
  started(isHealthy: () => Promise<boolean>): void {
    const { options, clock, log } = this.#parts
    const { heartbeatUrl: url, allowPrivateAddresses: allowsPrivateAddresses = false } = options.alerts ?? {}
    if (!url || this.#health !== null) return
    const warn = (message: string): void => log({ level: 'warn', message })
    this.#health = new HealthRequests({ url, allowsPrivateAddresses }, { clock, warn, isHealthy })
  }

  /** Called when the engine begins to stop. */
  stopping(): void {
    this.#health?.stop()
  }

  async close(): Promise<void> {
    this.stopping()
    await Promise.all([this.#alerts?.close(SENT_WITHIN_MS), this.#spans?.flush(SENT_WITHIN_MS)])
  }
}
