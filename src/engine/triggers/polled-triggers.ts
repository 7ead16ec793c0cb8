/**
 * Selects the triggers that this engine polls: declared in the code, enabled, and not polled by another living engine.
 * Follows changes of the registry, the store and other processes, and notifies the scheduler, which lists the states.
 */

import type { NewAction } from '../../model/action.ts'
import type { TriggerOverrides } from '../../model/policy.ts'
import type { TriggerRow } from '../../model/schedule-rows.ts'
import type { TriggerDefinition } from '../../model/trigger.ts'
import { Reconciler } from '../backoff/reconciler.ts'
import type { StartLimit } from '../clock-port.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { PollRequest } from '../ports.ts'
import { PollLog } from './poll-log.ts'
import {
  changedPollTriggers,
  hasSamePollSettings,
  isPollable,
  isPollExpected,
  type PolledTrigger,
  type PolledTriggerFlags,
  type PollSettings,
  pollTriggerNames,
} from './polled-trigger.ts'
import { type TakenLeases, TriggerLeases } from './trigger-leases.ts'

/** Parts of the scheduler, which owns the triggers. */
interface SchedulerParts {
  readonly stopping: AbortSignal
  /** Called after this engine has taken leases. */
  readonly onLeased: () => void
  /** Called for each trigger that a pass has changed, with its index among them. */
  readonly onChanged: (trigger: PolledTrigger, index: number) => void
}

const PAGE_SIZE = 1_000

/**
 * Work of the next passes, in this order; each pass does one:
 *   declarations  stores what the code declares, and takes leases of new and changed triggers
 *   leases        renews leases, takes those that nobody has, and releases those that are the share of another engine
 *   flags         reads which triggers are enabled, and their overrides
 */
type Work = 'declarations' | 'leases' | 'flags'

export class PolledTriggers {
  readonly #ports: EnginePorts
  readonly #parts: SchedulerParts
  readonly #leases: TriggerLeases
  readonly #triggers = new Map<string, PolledTrigger>()
  /** Triggers with an expected firing. */
  readonly #expecting = new Set<PolledTrigger>()
  /** Triggers that this process is disabling: flags that a pass has read may be older. */
  readonly #disabling = new Set<string>()
  #declared: ReadonlyMap<string, TriggerDefinition> | null = null
  readonly #work = new Set<Work>()
  readonly #passes: Reconciler

  constructor(ports: EnginePorts, parts: SchedulerParts) {
    this.#ports = ports
    this.#parts = parts
    this.#leases = new TriggerLeases(ports)
    this.#passes = new Reconciler(ports, 'reading and writing triggers', () => this.#pass())
    ports.heartbeat.onDeclaredDead(() => this.#declaredDead())
  }

  /** Limit for polls that are requested now. */
  get startLimit(): StartLimit {
    return this.#leases.startLimit
  }

  /** Resolves when the declarations are in the store, or could not be stored. */
  start(): Promise<void> {
    this.#work.add('declarations')
    return this.#passes.start()
  }

  registryChanged(): void {
    this.#add('declarations')
  }

  /** Returns the triggers with an expected firing, also those that are not polled now. */
  expecting(): Iterable<PolledTrigger> {
    return this.#expecting
  }

  polling(): readonly string[] {
    return [...this.#triggers.values()].filter(({ isPolling }) => isPolling).map(({ definition }) => definition.name)
  }

  /** Returns triggers whose poll has been due for `byMs` and has not ended. */
  overdue(byMs: number): readonly { readonly trigger: string; readonly lateMs: number }[] {
    const now = this.#ports.clock.monotonic()
    const late: { readonly trigger: string; readonly lateMs: number }[] = []
    for (const [name, trigger] of this.#triggers) {
      const lateMs = now - trigger.unsafeDueAt
      if (isPollExpected(trigger) && lateMs >= byMs) late.push({ trigger: name, lateMs })
    }
    return late
  }

  /** Counts the declared triggers, and those of them that are polled here. */
  count(): { readonly enabled: number; readonly disabled: number; readonly polled: number } {
    const counts = { enabled: 0, disabled: 0, polled: 0 }
    for (const trigger of this.#triggers.values()) {
      if (!trigger.isDeclared) continue
      counts[trigger.isEnabled ? 'enabled' : 'disabled'] += 1
      if (isPollable(trigger)) counts.polled += 1
    }
    return counts
  }

  /** Longest delay of the polls that are due or running, or 0. A running poll is late only if it was started late. */
  get latestPollMs(): number {
    const now = this.#ports.clock.monotonic()
    let latest = 0
    for (const trigger of this.#triggers.values()) {
      if (!isPollExpected(trigger)) continue
      latest = Math.max(latest, trigger.latenessMs ?? (trigger.isPolling ? 0 : now - trigger.unsafeDueAt))
    }
    return latest
  }

  /** Returns whether a poll of the trigger runs in this engine that was started at most `byMs` late. */
  isRunningInTime(name: string, byMs: number): boolean {
    const trigger = this.#triggers.get(name)
    return trigger?.isPolling === true && (trigger.latenessMs ?? 0) <= byMs
  }

  /** Longest time for which an unfinished poll has been due, or 0. */
  get oldestDueMs(): number {
    const now = this.#ports.clock.monotonic()
    let oldest = 0
    for (const trigger of this.#triggers.values()) {
      if (isPollExpected(trigger)) oldest = Math.max(oldest, now - trigger.unsafeDueAt)
    }
    return oldest
  }

  /** Returns null if the code does not declare the trigger, or another process polls it. */
  held(name: string): PolledTrigger | null {
    const trigger = this.#triggers.get(name)
    return trigger?.isDeclared && trigger.lease !== null ? trigger : null
  }

  /** Reads again after another process may have enabled, disabled or released triggers. */
  storeChanged(): void {
    if (this.#triggers.size > 0) this.#add('leases', 'flags')
  }

  /** Stops polling when the database is lost, until another database confirms a lease. */
  storeLost(): void {
    for (const trigger of this.#triggers.values()) {
      // Results of running polls are stored in the next database, whatever its lease numbers.
      if (trigger.lease !== null) trigger.lease.number = null
      this.#setFlags(trigger, 0, { lease: null })
    }
  }

  /** Stores the declarations in another database that was opened, and reads flags and leases from it. */
  storeFound(): void {
    this.#declared = null
    this.registryChanged()
  }

  /** Keeps the leases of this engine, and takes free ones. */
  renewLeases(): void {
    if (this.#triggers.size > 0) this.#add('leases')
  }

  /** Releases the leases of triggers that are not being polled, when this process stops. */
  handOver(): void {
    void this.settled().then(() => this.#leases.handOver(() => this.#lease([])))
  }

  /** Another engine declared this one dead: polling stops until the leases are acquired again. */
  #declaredDead(): void {
    for (const trigger of this.#triggers.values()) this.#setFlags(trigger, 0, { lease: null })
    this.renewLeases()
  }

  /** Stops polling a trigger whose lease another engine has taken, until the holder is known. */
  leaseLost(trigger: PolledTrigger): void {
    this.#setFlags(trigger, 0, { lease: null })
    this.renewLeases()
  }

  /** Resolves when the current declarations are in the store, or could not be stored. */
  settled(): Promise<void> {
    return this.#passes.settled()
  }

  /** Returns false if the trigger does not exist. Polling a disabled trigger stops in this tick of the event loop. */
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

  /** Notes that the store has disabled a trigger because of its failures. */
  paused(trigger: PolledTrigger): void {
    this.#setFlags(trigger, 0, { isEnabled: false })
  }

  /** Returns false if the trigger does not exist. Overrides apply from this process's next poll; null resets them. */
  async override(name: string, overrides: TriggerOverrides | null, action?: NewAction): Promise<boolean> {
    const { store, clock } = this.#ports
    await this.settled()
    const isKnown = await store.overrideTrigger(name, overrides, clock.now(), action)
    this.storeChanged()
    await this.settled()
    return isKnown
  }

  stop(): void {
    void this.#passes.stop()
  }

  #add(...work: readonly Work[]): void {
    for (const each of work) this.#work.add(each)
    void this.#passes.request()
  }

  async #pass(): Promise<void> {
    try {
      if (this.#work.delete('declarations')) await this.#sync()
      else if (this.#work.delete('leases')) await this.#leaseDeclared()
      else if (this.#work.delete('flags')) await this.#readFlags()
    } catch (thrown) {
      // The next pass does all work, whichever part has failed.
      this.#declared = null
      this.#work.add('declarations')
      throw thrown
    }
    if (this.#work.size > 0) void this.#passes.request()
  }

  async #sync(): Promise<void> {
    const { store, clock, registry } = this.#ports
    const declared = registry.current().triggers
    const changed = changedPollTriggers(declared, this.#declared)
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
            initialStateText: definition.initialStateText ?? null,
            tags: definition.tags ?? null,
            priority: definition.priority ?? null,
          })),
          at,
        ),
        this.#takeLeases([...pollTriggerNames(declared)]),
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
      if (surplus.length > 0) this.#work.add('leases')
      for (const [name, trigger] of this.#triggers) this.#setFlags(trigger, 0, { lease: leases.get(name) ?? null })
    }
    this.#declared = declared
  }

  #declare(how: PollSettings, index: number, flags: PolledTriggerFlags): void {
    const known = this.#triggers.get(how.definition.name)
    if (known === undefined) {
      const log = new PollLog(this.#ports.config.pollLogBytes)
      const trigger: PolledTrigger = {
        unsafeDueAt: 0,
        unsafeHeapIndex: -1,
        ...how,
        request: this.#request(how, log),
        log,
        counters: this.#ports.events.counters.triggers.of(how.definition.name),
        ...flags,
        isPolling: false,
        latenessMs: null,
        poll: null,
        baseDueAt: 0,
        lastDueAt: null,
      }
      this.#triggers.set(how.definition.name, trigger)
      this.#noteExpectation(trigger)
      this.#parts.onChanged(trigger, index)
      return
    }
    Object.assign(known, how, { request: this.#request(how, known.log) }, flags)
    this.#noteExpectation(known)
    this.#parts.onChanged(known, index)
  }

  #noteExpectation(trigger: PolledTrigger): void {
    if (trigger.policy.expectFireMs === null) this.#expecting.delete(trigger)
    else this.#expecting.add(trigger)
  }

  #request({ definition, policy }: PollSettings, log: PollLog): PollRequest {
    return Object.freeze({
      script: definition.script,
      trigger: definition.name,
      deadlineMs: policy.timeoutMs ?? this.#ports.config.pollDeadlineMs,
      ...(definition.initialStateText !== undefined && { maxStateBytes: this.#ports.config.triggerStateBytes }),
      stopping: this.#parts.stopping,
      log: log.sink,
    })
  }

  async #leaseDeclared(): Promise<void> {
    const declared: string[] = []
    for (const { isDeclared, definition } of this.#triggers.values()) if (isDeclared) declared.push(definition.name)
    await this.#lease(declared)
  }

  /**
   * Takes leases, and releases those that are the share of another engine. A running poll keeps its lease until the
   * next pass. Polling of the others stops before the store is called, since its answer takes time.
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
    if (isLeased) this.#parts.onLeased()
    if (given.length > 0) await this.#leases.release(given)
  }

  #takeLeases(names: readonly string[]): Promise<TakenLeases> {
    const { triggers } = this.#ports.registry.current()
    const heldOf = (name: string) => this.#triggers.get(name)?.lease ?? null
    // The state is in the store only after the declaration that it takes one.
    const mustRead = (name: string) => {
      const lease = heldOf(name)
      return lease?.state === null && triggers.get(name)?.initialStateText !== undefined
    }
    return this.#leases.take(names, heldOf, mustRead)
  }

  async #readFlags(): Promise<void> {
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
    if (hasSamePollSettings(trigger, how)) this.#setFlags(trigger, index, { isEnabled })
    else this.#declare(how, index, { isDeclared: trigger.isDeclared, lease: trigger.lease, isEnabled })
  }

  #setFlags(trigger: PolledTrigger, index: number, flags: Partial<PolledTriggerFlags>): void {
    const before = isPollable(trigger)
    Object.assign(trigger, flags)
    if (isPollable(trigger) !== before) this.#parts.onChanged(trigger, index)
  }
}
