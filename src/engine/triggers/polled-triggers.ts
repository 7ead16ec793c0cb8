/**
 * Which triggers are polled here: those that the code declares, that are enabled, and that no other living instance
 * polls. Kept in step with the registry, with the store and with other processes; the scheduler is notified of every change.
 * One pass over the store at a time: what changes meanwhile is looked at in the next one.
 */

import { toError } from '../../errors.ts'
import type { NewAction } from '../../model/action.ts'
import type { TriggerOverrides } from '../../model/policy.ts'
import type { TriggerRow } from '../../model/schedule.ts'
import type { TriggerDefinition } from '../../model/trigger.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import { troubleDelayMs } from '../due.ts'
import type { EngineEvents } from '../events.ts'
import type { Clock, PollRequest, StartLimit, Timer } from '../ports.ts'
import { PollLog } from './poll-log.ts'
import {
  changedPolls,
  type Flags,
  type HowPolled,
  isAwaited,
  isPollable,
  isSameHow,
  type PolledTrigger,
  pollNames,
} from './polled-trigger.ts'
import { type TakenLeases, TriggerLeases, type TriggerLeasesPorts } from './trigger-leases.ts'

export interface PolledTriggersPorts extends TriggerLeasesPorts {
  readonly clock: Clock
  readonly registry: RegistrySource
  readonly events: EngineEvents
  readonly pollDeadlineMs: number
  readonly pollLogBytes: number
  readonly stopping: AbortSignal
  /** Called after this engine has taken triggers from another one. */
  readonly onLeased: () => void
}

const PAGE_SIZE = 1_000

export class PolledTriggers {
  readonly #ports: PolledTriggersPorts
  readonly #leases: TriggerLeases
  readonly #onChanged: (trigger: PolledTrigger, index: number) => void
  readonly #triggers = new Map<string, PolledTrigger>()
  /** Being disabled by this process: what a pass has read of them may be older. */
  readonly #disabling = new Set<string>()
  #declared: ReadonlyMap<string, TriggerDefinition> | null = null
  #pass: Promise<void> | null = null
  #mustSync = false
  #mustReadFlags = false
  #mustLease = false
  #failures = 0
  #timer: Timer | null = null
  #isStopped = false

  /** `onChanged` hears of each trigger that a pass changed, with its place among them. */
  constructor(ports: PolledTriggersPorts, onChanged: (trigger: PolledTrigger, index: number) => void) {
    this.#ports = ports
    this.#leases = new TriggerLeases(ports)
    this.#onChanged = onChanged
  }

  /** Limit for polls that are requested now. */
  get startLimit(): StartLimit {
    return this.#leases.startLimit
  }

  /** The code may declare something else now. */
  registryChanged(): void {
    this.#mustSync = true
    this.#run()
  }

  /** Names of those that are being polled. */
  polling(): readonly string[] {
    return [...this.#triggers.values()].filter(({ isPolling }) => isPolling).map(({ definition }) => definition.name)
  }

  /** Those whose poll was due so long ago, and has not ended. */
  overdue(byMs: number): readonly { readonly trigger: string; readonly lateMs: number }[] {
    const now = this.#ports.clock.monotonic()
    const late: { readonly trigger: string; readonly lateMs: number }[] = []
    for (const [name, trigger] of this.#triggers) {
      const lateMs = now - trigger.unsafeDueAt
      if (isAwaited(trigger) && lateMs >= byMs) late.push({ trigger: name, lateMs })
    }
    return late
  }

  /** How many the code declares, and how many of them are polled here. */
  count(): { readonly enabled: number; readonly disabled: number; readonly polled: number } {
    const counts = { enabled: 0, disabled: 0, polled: 0 }
    for (const trigger of this.#triggers.values()) {
      if (!trigger.isDeclared) continue
      counts[trigger.isEnabled ? 'enabled' : 'disabled'] += 1
      if (isPollable(trigger)) counts.polled += 1
    }
    return counts
  }

  /** How long the poll has been due that has been due for longest and has not ended; 0 when none is. */
  get oldestDueMs(): number {
    const now = this.#ports.clock.monotonic()
    let oldest = 0
    for (const trigger of this.#triggers.values()) {
      if (isAwaited(trigger)) oldest = Math.max(oldest, now - trigger.unsafeDueAt)
    }
    return oldest
  }

  /** Null when the code does not declare it, or another process polls it. */
  held(name: string): PolledTrigger | null {
    const trigger = this.#triggers.get(name)
    return trigger?.isDeclared && trigger.lease !== null ? trigger : null
  }

  /** Another process may have enabled or disabled triggers, or given some up. */
  storeChanged(): void {
    this.#mustReadFlags = this.#triggers.size > 0
    this.#mustLease = this.#mustReadFlags
    this.#run()
  }

  /** The database is lost: nothing is polled until a lease is confirmed by one that was found. */
  storeLost(): void {
    for (const trigger of this.#triggers.values()) {
      // What a poll of it still brings is recorded in the one that is found, whatever the numbers there.
      if (trigger.lease !== null) trigger.lease.number = null
      this.#setFlags(trigger, 0, { lease: null })
    }
  }

  /** Another database is open: what the code declares is entered in it, and flags and leases are read from it. */
  storeFound(): void {
    this.#declared = null
    this.registryChanged()
  }

  /** Keeps what is polled here, and takes what nobody polls any more. */
  renewLeases(): void {
    this.#mustLease = this.#triggers.size > 0
    this.#run()
  }

  /** This process stops: others may poll what is not being polled here at this moment. */
  handOver(): void {
    void this.settled().then(() => this.#leases.handOver(() => this.#lease([])))
  }

  /** Another engine declared this one dead: polling stops until the leases are acquired again. */
  declaredDead(): void {
    for (const trigger of this.#triggers.values()) this.#setFlags(trigger, 0, { lease: null })
    this.renewLeases()
  }

  /** It was polled under a lease that another has taken: it is not polled before it is known who holds it now. */
  leaseLost(trigger: PolledTrigger): void {
    this.#setFlags(trigger, 0, { lease: null })
    this.renewLeases()
  }

  /** Settles when what the code declares by now is in the store, or could not be stored. */
  async settled(): Promise<void> {
    await this.#pass
  }

  /** False when there is no such trigger. A trigger that is disabled is not polled from this tick of the event loop on. */
  async setEnabled(name: string, isEnabled: boolean, note: string | null, action?: NewAction): Promise<boolean> {
    const { store, clock } = this.#ports
    const trigger = this.#triggers.get(name)
    if (!isEnabled) this.#disabling.add(name)
    if (trigger !== undefined && !isEnabled) this.#setFlags(trigger, 0, { isEnabled })
    try {
      await this.settled()
      const isKnown = await store.setTriggerEnabled(name, isEnabled, note, clock.now(), action)
      const known = this.#triggers.get(name)
      if (known !== undefined) this.#setFlags(known, 0, { isEnabled })
      return isKnown
    } catch (thrown) {
      this.storeChanged()
      throw thrown
    } finally {
      this.#disabling.delete(name)
    }
  }

  /** It was disabled by the store, for its failures. */
  paused(trigger: PolledTrigger): void {
    this.#setFlags(trigger, 0, { isEnabled: false })
  }

  /** False when there is no such trigger. What is set counts from this process's next poll on; null resets it. */
  async override(name: string, overrides: TriggerOverrides | null, action?: NewAction): Promise<boolean> {
    const { store, clock } = this.#ports
    await this.settled()
    const isKnown = await store.overrideTrigger(name, overrides, clock.now(), action)
    this.storeChanged()
    await this.settled()
    return isKnown
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  #run(): void {
    if (this.#pass !== null || this.#isStopped) return
    this.#timer?.cancel()
    this.#pass = this.#passes()
  }

  async #passes(): Promise<void> {
    // More declarations may come in this tick of the event loop.
    await null
    try {
      while (!this.#isStopped && (this.#mustSync || this.#mustReadFlags || this.#mustLease)) {
        if (this.#mustSync) await this.#sync()
        else if (this.#mustLease) await this.#leaseDeclared()
        else await this.#readFlags()
      }
      this.#failures = 0
    } catch (thrown) {
      this.#failures += 1
      const retryAt = this.#ports.clock.now() + troubleDelayMs(this.#failures)
      this.#ports.events.emit('trouble', { during: 'reading and writing triggers', error: toError(thrown), retryAt })
      // Whatever the failed pass was for, the next one does all of it.
      this.#declared = null
      this.#mustSync = true
    }
    // In the tick of the event loop in which the loop ended: whoever asks from now on begins a new pass.
    this.#pass = null
    if (this.#failures > 0) this.#runLater()
  }

  #runLater(): void {
    if (this.#isStopped) return
    this.#timer = this.#ports.clock.wakeAfter(troubleDelayMs(this.#failures), () => this.#run())
  }

  async #sync(): Promise<void> {
    this.#mustSync = false
    const { store, clock, registry } = this.#ports
    const declared = registry.current().triggers
    const changed = changedPolls(declared, this.#declared)
    for (const trigger of this.#triggers.values()) {
      if (declared.get(trigger.definition.name)?.timing.kind !== 'poll')
        this.#setFlags(trigger, 0, { isDeclared: false })
    }
    if (changed.length > 0) {
      const at = clock.now()
      const [rows, { leases, surplus }] = await Promise.all([
        store.saveTriggers(
          changed.map(({ definition, intervalMs }) => ({
            name: definition.name,
            workflow: definition.workflow,
            pollIntervalMs: intervalMs,
            allowConcurrent: definition.allowConcurrent,
            policy: definition.policy,
          })),
          at,
        ),
        this.#takeLeases([...pollNames(declared)]),
      ])
      for (const [index, { definition, intervalMs }] of changed.entries()) {
        const row = rows[index]
        const isEnabled = (row?.isEnabled ?? true) && !this.#disabling.has(definition.name)
        const policy = row?.policy ?? definition.policy
        this.#declare({ definition, intervalMs: row?.pollIntervalMs ?? intervalMs, policy }, index, {
          isDeclared: true,
          isEnabled,
          lease: leases.get(definition.name) ?? null,
        })
      }
      this.#mustLease ||= surplus.length > 0
      for (const [name, trigger] of this.#triggers) this.#setFlags(trigger, 0, { lease: leases.get(name) ?? null })
    }
    this.#declared = declared
  }

  #declare(how: HowPolled, index: number, flags: Flags): void {
    const known = this.#triggers.get(how.definition.name)
    if (known === undefined) {
      const log = new PollLog(this.#ports.pollLogBytes)
      const trigger: PolledTrigger = {
        unsafeDueAt: 0,
        unsafeHeapIndex: -1,
        ...how,
        request: this.#request(how, log),
        log,
        counters: this.#ports.events.counters.triggers.of(how.definition.name),
        ...flags,
        isPolling: false,
        poll: null,
        baseDueAt: 0,
        lastDueAt: null,
      }
      this.#triggers.set(how.definition.name, trigger)
      this.#onChanged(trigger, index)
      return
    }
    Object.assign(known, how, { request: this.#request(how, known.log) }, flags)
    this.#onChanged(known, index)
  }

  #request({ definition, policy }: HowPolled, log: PollLog): PollRequest {
    return Object.freeze({
      script: definition.script,
      trigger: definition.name,
      deadlineMs: policy.timeoutMs ?? this.#ports.pollDeadlineMs,
      stopping: this.#ports.stopping,
      log: log.sink,
    })
  }

  async #leaseDeclared(): Promise<void> {
    this.#mustLease = false
    const declared: string[] = []
    for (const { isDeclared, definition } of this.#triggers.values()) if (isDeclared) declared.push(definition.name)
    await this.#lease(declared)
  }

  /**
   * Takes leases, and gives up those that are another's share. A trigger that is polled at this moment keeps its lease until the next
   * pass; the others are not polled any more from before the store is asked, since its answer takes time.
   */
  async #lease(names: readonly string[]): Promise<void> {
    const { leases, surplus } = await this.#takeLeases(names)
    const given = surplus.filter((name) => !this.#triggers.get(name)?.isPolling)
    const isGiven = new Set(given)
    let index = 0
    let isLeased = false
    for (const [name, trigger] of this.#triggers) {
      isLeased ||= trigger.lease === null && leases.has(name)
      this.#setFlags(trigger, index++, { lease: isGiven.has(name) ? null : (leases.get(name) ?? null) })
    }
    if (isLeased) this.#ports.onLeased()
    if (given.length > 0) await this.#leases.release(given)
  }

  #takeLeases(names: readonly string[]): Promise<TakenLeases> {
    return this.#leases.take(names, (name) => this.#triggers.get(name)?.lease ?? null)
  }

  async #readFlags(): Promise<void> {
    this.#mustReadFlags = false
    for (let offset = 0; ; offset += PAGE_SIZE) {
      const rows = await this.#ports.store.listTriggers({ limit: PAGE_SIZE, offset, enabledOnly: false })
      for (const [index, row] of rows.entries()) {
        const trigger = this.#triggers.get(row.name)
        if (trigger !== undefined) this.#read(trigger, row, index)
      }
      if (rows.length < PAGE_SIZE) return
    }
  }

  #read(trigger: PolledTrigger, row: TriggerRow, index: number): void {
    const isEnabled = row.isEnabled && !this.#disabling.has(row.name)
    const how = { definition: trigger.definition, intervalMs: row.pollIntervalMs, policy: row.policy }
    if (isSameHow(trigger, how)) this.#setFlags(trigger, index, { isEnabled })
    else this.#declare(how, index, { isDeclared: trigger.isDeclared, lease: trigger.lease, isEnabled })
  }

  #setFlags(trigger: PolledTrigger, index: number, flags: Partial<Flags>): void {
    const before = isPollable(trigger)
    Object.assign(trigger, flags)
    if (isPollable(trigger) !== before) this.#onChanged(trigger, index)
  }
}
