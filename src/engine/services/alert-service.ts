/** `runner.alerts`: sent alerts. `runner.incidents`: the failures that they are about. */

import type { AlertKind, AlertRow, Incident, ReportedIncident } from '../../model/alert.ts'
import type { EnginePorts } from '../engine-options.ts'
import { checkedPageAfter, type PageAfterOptions } from './page-options.ts'

/** Kinds whose incidents end when they happen. */
const MOMENTS: readonly AlertKind[] = ['engine-lost', 'interpreter-quarantined']
const MAX_URGENT = 100

/** Page of `runner.incidents.list`. */
export interface IncidentListOptions extends PageAfterOptions {
  /** Whether to leave out incidents that have ended. Default: false. */
  readonly openOnly?: boolean
}

/** `runner.alerts`: sent alerts, and the results of their deliveries. */
export class SentAlerts {
  readonly #store: EnginePorts['store']

  /** @internal */
  constructor({ store }: Pick<EnginePorts, 'store'>) {
    this.#store = store
  }

  /** Returns alerts, newest first. */
  async list(options: PageAfterOptions = {}): Promise<readonly AlertRow[]> {
    return await this.#store.incidents.listAlerts(checkedPageAfter(options))
  }
}

/** `runner.incidents`: failures of one kind and subject, from the first failure to the first success. */
export class Incidents {
  readonly #store: EnginePorts['store']

  /** @internal */
  constructor({ store }: Pick<EnginePorts, 'store'>) {
    this.#store = store
  }

  /** Returns incidents by their last failure, newest first. */
  async list(options: IncidentListOptions = {}): Promise<readonly Incident[]> {
    return await this.#store.incidents.listIncidents(checkedPageAfter(options), options.openOnly ?? false)
  }

  /** Returns open incidents, and incidents without an end of their own since a time, newest first. @internal */
  async urgent(sinceAt: number): Promise<readonly ReportedIncident[]> {
    return await this.#store.incidents.listUrgent(MOMENTS, sinceAt, MAX_URGENT)
  }
}
