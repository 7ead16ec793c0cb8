/**
 * Judges triggers with an expected firing: an incident opens when a trigger has not fired for that long since its last
 * firing, or since it was declared, changed or enabled, as the store knows it. The engine that polls a trigger judges
 * it, and for a cron trigger each engine that declares it; the store judges each silence once. The next firing ends it.
 *
 * A trigger is read from the store when it may be silent: its firings and changes only move this time into the future.
 */

import { formatDuration } from '../../model/time/duration.ts'
import { formatInstant } from '../../model/time/instant.ts'
import type { TriggerDefinition } from '../../model/trigger.ts'
import { Reconciler } from '../backoff/reconciler.ts'
import type { EnginePorts } from '../engine-options.ts'
import { isPollable } from '../triggers/polled-trigger.ts'
import type { PolledTriggers } from '../triggers/polled-triggers.ts'
import { FailureReports } from './failure-reports.ts'

/** Delay until a trigger that is not in the store yet, or not as declared, is read again. */
const READ_AGAIN_AFTER_MS = 5_000

interface Expected {
  readonly definition: TriggerDefinition
  readonly expectFireMs: number
}

/** Time of the last firing or change. Null: it is disabled. Undefined: it is not stored, or not as declared. */
type SinceAt = number | null | undefined

export class SilenceJudge {
  readonly #ports: EnginePorts
  readonly #polled: PolledTriggers
  readonly #reports: FailureReports
  readonly #passes: Reconciler
  #triggers: ReadonlyMap<string, TriggerDefinition> | null = null
  #crons: readonly Expected[] = []
  /** Earliest time at which a trigger can be silent, with the expectation that it was computed from. */
  readonly #next = new Map<string, { readonly at: number; readonly expectFireMs: number }>()

  constructor(ports: EnginePorts, polled: PolledTriggers) {
    this.#ports = ports
    this.#polled = polled
    this.#reports = new FailureReports(ports)
    this.#passes = new Reconciler(ports, 'judging whether triggers are silent', () => this.#pass())
  }

  start(): void {
    void this.#passes.start()
  }

  stop(): void {
    void this.#passes.stop()
  }

  look(): void {
    if (!this.#passes.isIdle) return
    if (this.#duePolled().length > 0 || this.#dueCrons().length > 0) void this.#passes.request()
  }

  #duePolled(): readonly Expected[] {
    const due: Expected[] = []
    for (const trigger of this.#polled.expecting()) {
      const { definition, policy } = trigger
      if (!isPollable(trigger) || policy.expectFireMs === null) continue
      const expected = { definition, expectFireMs: policy.expectFireMs }
      if (this.#isDue(expected)) due.push(expected)
    }
    return due
  }

  #dueCrons(): readonly Expected[] {
    const { registry, config } = this.#ports
    if (!config.pollingEnabled || !config.cronEnabled) return []
    const { triggers } = registry.current()
    if (triggers !== this.#triggers) {
      this.#triggers = triggers
      this.#crons = [...triggers.values()].flatMap((definition) => {
        const { expectFireMs } = definition.policy
        return definition.timing.kind === 'cron' && expectFireMs !== null ? [{ definition, expectFireMs }] : []
      })
    }
    return this.#crons.filter((expected) => this.#isDue(expected))
  }

  #isDue({ definition, expectFireMs }: Expected): boolean {
    const next = this.#next.get(definition.name)
    return next === undefined || next.expectFireMs !== expectFireMs || next.at <= this.#ports.clock.now()
  }

  async #pass(): Promise<void> {
    const [polled, crons] = [this.#duePolled(), this.#dueCrons()]
    const [polledSince, cronsSince] = await Promise.all([this.#readPolled(polled), this.#readCrons(crons)])
    for (const expected of polled) await this.#judge(expected, polledSince.get(expected.definition.name))
    for (const expected of crons) await this.#judge(expected, cronsSince.get(expected.definition.name))
  }

  async #readPolled(expected: readonly Expected[]): Promise<ReadonlyMap<string, SinceAt>> {
    if (expected.length === 0) return new Map()
    const { store } = this.#ports
    const names = expected.map(({ definition }) => definition.name)
    const [ticks, ...rows] = await Promise.all([
      store.activity.lastTicks(names),
      ...names.map((name) => store.getTrigger(name)),
    ])
    return new Map(
      rows.flatMap((row) => {
        // Until the engine has announced it, a trigger that is declared again has its old time.
        if (row === null || row.undeclaredAt !== null) return []
        const firedAt = ticks.get(row.name)?.lastFired?.lastAt ?? 0
        return [[row.name, row.isEnabled ? Math.max(row.updatedAt, firedAt) : null]]
      }),
    )
  }

  async #readCrons(expected: readonly Expected[]): Promise<ReadonlyMap<string, SinceAt>> {
    if (expected.length === 0) return new Map()
    const rows = await this.#ports.store.triggerCrons(expected.map(({ definition }) => definition.name))
    return new Map(
      rows.flatMap(({ triggerName, isEnabled, updatedAt, lastRunAt, undeclaredAt }) => {
        if (triggerName === null || undeclaredAt !== null) return []
        return [[triggerName, isEnabled ? Math.max(updatedAt, lastRunAt ?? 0) : null]]
      }),
    )
  }

  async #judge({ definition, expectFireMs }: Expected, sinceAt: SinceAt): Promise<void> {
    const { name, workflow } = definition
    const { store, clock } = this.#ports
    const now = clock.now()
    let at = now + (sinceAt === undefined ? READ_AGAIN_AFTER_MS : expectFireMs)
    if (typeof sinceAt === 'number' && sinceAt + expectFireMs > now) at = sinceAt + expectFireMs
    else if (typeof sinceAt === 'number') {
      const length = formatDuration(expectFireMs)
      const message = `Trigger "${name}" has not fired for over ${length}, since ${formatInstant(sinceAt)}.`
      const facts = { message, workflow, trigger: name }
      const report = this.#reports.report({ kind: 'trigger-silent', subject: name, at: now, facts })
      await store.incidents.judge(`silence of ${name} since ${sinceAt}`, report, now)
    }
    this.#next.set(name, { at, expectFireMs })
  }
}
