/** What callers may ask about poll triggers, and change. Part of the engine's API. */

import type { NewAction } from '../../model/action.ts'
import type { ActivityBar, ActivityQuery, LastTicks, TickDetail } from '../../model/history.ts'
import type { TriggerOverrides } from '../../model/policy.ts'
import type { FiringRow, TickRow, TriggerRow } from '../../model/schedule.ts'
import type { Page, PageAfter, Store, TickFilter, TickLog } from '../ports.ts'
import type { PolledTriggers } from './polled-triggers.ts'

export class TriggerCalls {
  readonly #store: Store
  readonly #polled: PolledTriggers
  readonly #assertOpen: () => void

  constructor(store: Store, polled: PolledTriggers, assertOpen: () => void) {
    this.#store = store
    this.#polled = polled
    this.#assertOpen = assertOpen
  }

  /** Newest first. */
  async list(page: Page & { readonly enabledOnly: boolean }): Promise<readonly TriggerRow[]> {
    await this.#ready()
    return this.#store.listTriggers(page)
  }

  async get(name: string): Promise<TriggerRow | null> {
    await this.#ready()
    return this.#store.getTrigger(name)
  }

  /**
   * False when there is no such trigger. Disabling stops further polls immediately; a run already started continues. `action`:
   * recorded in the same step.
   */
  async setEnabled(name: string, isEnabled: boolean, note: string | null = null, action?: NewAction): Promise<boolean> {
    this.#assertOpen()
    return this.#polled.setEnabled(name, isEnabled, note, action)
  }

  /**
   * Sets what takes precedence over the declaration, from the next poll on and after restarts; null resets all. False when
   * there is no such trigger. `action`: recorded in the same step.
   */
  async override(name: string, overrides: TriggerOverrides | null, action?: NewAction): Promise<boolean> {
    this.#assertOpen()
    return this.#polled.override(name, overrides, action)
  }

  /** Of those that are polled here: whose poll was due `byMs` ago, and has not ended. Reads nothing but memory. */
  overdue(byMs: number): readonly { readonly trigger: string; readonly lateMs: number }[] {
    return this.#polled.overdue(byMs)
  }

  /** Firings, newest first; [] for an unknown trigger. */
  async history(name: string, page: PageAfter): Promise<readonly FiringRow[]> {
    await this.#ready()
    return this.#store.listFirings(name, page)
  }

  /** Every poll's outcome, newest first. */
  async ticks(name: string, page: Page & TickFilter): Promise<readonly TickRow[]> {
    await this.#ready()
    return this.#store.listTicks(name, page)
  }

  /** What its polls printed and logged, newest first; those that have nothing are left out. */
  async logs(name: string, query: Page & { readonly tickPrefix?: string }): Promise<readonly TickLog[]> {
    await this.#ready()
    return this.#store.logs.listOfTicks(name, query)
  }

  /** By trigger: what it came to last. */
  async lastTicks(names: readonly string[]): Promise<ReadonlyMap<string, LastTicks>> {
    await this.#ready()
    return this.#store.activity.lastTicks(names)
  }

  /** One tick; null where there is none. */
  async tick(name: string, id: string, untilAt: number): Promise<TickDetail | null> {
    await this.#ready()
    return this.#store.activity.tick(name, id, untilAt)
  }

  /** How many polls there were, by what they came to. */
  async activity(query: ActivityQuery): Promise<readonly ActivityBar[]> {
    await this.#ready()
    return this.#store.activity.bars(query)
  }

  /** A trigger that was declared a moment ago is listed. */
  #ready(): Promise<void> {
    this.#assertOpen()
    return this.#polled.settled()
  }
}
