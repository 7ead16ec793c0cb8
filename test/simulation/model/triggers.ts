/**
 * Invariants of triggers, firings and schedules, from the manual: equal firings never overlap, each firing starts one
 * execution, no poll runs without the lease, polls of one trigger never overlap, every poll stores a tick, and each
 * cron time starts one execution.
 */

import type { Program, ProgramTrigger } from '../program.ts'
import type { RowChange, RowValues } from '../recorder.ts'
import type { ExecutionModel } from './executions.ts'
import { numberOrNull, textOrNull } from './executions.ts'
import type { Report } from './violation.ts'

export interface ModelTrigger {
  readonly seq: number
  readonly name: string
  readonly definition: ProgramTrigger | undefined
  isEnabled: boolean
  leaseSeq: number | null
  leaseNumber: number
  overrides: string | null
  note: string | null
  /** Simulated time since which the trigger is disabled. */
  disabledAt: number | null
  openSkips: number
  /** Number of polls that have a tick. */
  ticks: number
  firings: number
  lastPollAt: number | null
}

interface ModelFiring {
  readonly id: string
  readonly trigger: ModelTrigger | undefined
  readonly hash: string
  readonly executionId: string | null
  isCompleted: boolean
  readonly isForced: boolean
}

export class TriggerModel {
  readonly #program: Program
  readonly #report: Report
  readonly #executions: ExecutionModel
  readonly #bySeq = new Map<number, ModelTrigger>()
  readonly byName = new Map<string, ModelTrigger>()
  readonly #firings = new Map<string, ModelFiring>()
  readonly #reasons = new Map<string, string>()
  readonly #cronTimes = new Set<string>()
  #areTimesRepeated = false
  readonly cronFirings = new Map<string, { readonly cronSeq: number; executionId: string | null }>()
  /** Simulated times of the newest firing, by schedule. */
  lastCronAt = new Map<number, number>()
  #firingsNow: ModelFiring[] = []

  constructor(program: Program, executions: ExecutionModel, report: Report) {
    this.#program = program
    this.#executions = executions
    this.#report = report
  }

  apply({ table, before, after }: RowChange, now: number): void {
    if (table === 'triggers' && after !== null) this.#triggerChanged(after, now)
    else if (table === 'ticks' && after !== null && before === null) this.#tickAdded(after)
    else if (table === 'firings') this.#firingChanged(before, after)
    else if (table === 'cron_firings' && after !== null) this.#cronFired(before, after, now)
  }

  committed(): void {
    for (const firing of this.#firingsNow) {
      const { executionId, id, isCompleted } = firing
      if (executionId === null) continue
      const execution = this.#executions.byId.get(executionId)
      if (execution?.firingId !== id) {
        const problem = execution === undefined ? 'missing' : 'of another firing'
        this.#report('one-execution-per-firing', `firing ${id} has execution ${executionId}, which is ${problem}`)
      } else if (execution.isEnded !== isCompleted) {
        const state = isCompleted ? 'completed' : 'active'
        this.#report(
          'firings-end-with-executions',
          `firing ${id} is ${state}, its execution ${executionId} is ${execution.status}`,
        )
      }
    }
    this.#firingsNow = []
  }

  /** Checks at rest that no firing is active, and that no firing has started two executions. */
  checkRest(): void {
    for (const firing of this.#firings.values()) {
      if (firing.executionId !== null && !firing.isCompleted)
        this.#report('firings-end-with-executions', `firing ${firing.id} is active at rest`)
    }
    const executions = new Map<string, number>()
    for (const { firingId, origin } of this.#executions.byId.values()) {
      if (firingId !== null && origin !== 'backfill') executions.set(firingId, (executions.get(firingId) ?? 0) + 1)
    }
    for (const [firingId, count] of executions) {
      if (count > 1) this.#report('one-execution-per-firing', `firing ${firingId} started ${count} executions`)
    }
  }

  #triggerChanged(row: RowValues, now: number): void {
    const seq = Number(row.seq)
    const name = String(row.name)
    const known = this.#bySeq.get(seq)
    const trigger: ModelTrigger = known ?? {
      seq,
      name,
      definition: this.#program.triggers.find((each) => each.name === name),
      isEnabled: true,
      leaseSeq: null,
      leaseNumber: 0,
      overrides: null,
      note: null,
      disabledAt: null,
      openSkips: 0,
      ticks: 0,
      firings: 0,
      lastPollAt: null,
    }
    const isEnabled = row.enabled === 1 || Number(row.enabled) === 1
    if (trigger.isEnabled && !isEnabled) trigger.disabledAt = now
    if (isEnabled) trigger.disabledAt = null
    trigger.isEnabled = isEnabled
    trigger.leaseSeq = numberOrNull(row.lease_seq)
    if (Number(row.lease_number) < trigger.leaseNumber)
      this.#report('lease-numbers-grow', `the lease number of ${name} fell`)
    trigger.leaseNumber = Number(row.lease_number)
    trigger.overrides = textOrNull(row.overrides)
    trigger.note = textOrNull(row.note)
    trigger.openSkips = Number(row.skip_count)
    this.#bySeq.set(seq, trigger)
    this.byName.set(name, trigger)
  }

  #tickAdded(row: RowValues): void {
    const trigger = this.#bySeq.get(Number(row.trigger_seq))
    if (trigger === undefined) return
    const reason = textOrNull(row.reason) ?? ''
    trigger.ticks += Number(row.count)
    if (row.outcome === 'fired' && row.firing_id !== null) this.#reasons.set(String(row.firing_id), reason)
  }

  #firingChanged(before: RowValues | null, after: RowValues | null): void {
    if (after === null) {
      this.#firings.delete(String(before?.id))
      return
    }
    const id = String(after.id)
    const known = this.#firings.get(id)
    if (known !== undefined) {
      if (known.isCompleted && after.completed_at === null)
        this.#report('final-states-stay', `the completed firing ${id} is active again`)
      known.isCompleted = after.completed_at !== null
      this.#firingsNow.push(known)
      return
    }
    const trigger = this.#bySeq.get(Number(after.trigger_seq))
    if (trigger !== undefined) trigger.firings += 1
    const reason = this.#reasons.get(id) ?? ''
    const firing: ModelFiring = {
      id,
      trigger,
      hash: String(after.context_hash),
      executionId: textOrNull(after.execution_id),
      isCompleted: after.completed_at !== null,
      isForced: reason.startsWith('by hand') && reason.includes('force'),
    }
    this.#checkOverlap(firing)
    this.#firings.set(id, firing)
    this.#firingsNow.push(firing)
  }

  #checkOverlap(firing: ModelFiring): void {
    const { trigger } = firing
    if (trigger?.definition === undefined || firing.isForced || firing.executionId === null) return
    const active = [...this.#firings.values()].filter((each) => each.trigger === trigger && !each.isCompleted)
    const { allowConcurrent, policy, name } = trigger.definition
    if (!allowConcurrent && active.some(({ hash }) => hash === firing.hash)) {
      this.#report('equal-firings-never-overlap', `${name} fired ${firing.hash} again while a firing of it is active`)
    }
    // The executions of other firings wait: see `row-triggers.ts`.
    if (trigger.definition.hasRows) return
    if (policy.maxActive !== undefined && policy.maxActive !== null && active.length >= policy.maxActive) {
      this.#report(
        'active-firings-are-limited',
        `${name} has ${active.length + 1} active firings, the limit is ${policy.maxActive}`,
      )
    }
  }

  /** Allows repeated times: an engine whose clock was set back by more than ten minutes fires its cron times again. */
  clockSetBackFar(): void {
    this.#areTimesRepeated = true
  }

  #cronFired(before: RowValues | null, after: RowValues, now: number): void {
    const id = String(after.id)
    const cronSeq = Number(after.cron_seq)
    if (before === null) {
      const time = `${cronSeq} ${after.scheduled_at}`
      if (this.#cronTimes.has(time) && !this.#areTimesRepeated)
        this.#report('cron-times-start-once', `schedule ${cronSeq} fired twice for ${after.scheduled_at}`)
      this.#cronTimes.add(time)
      this.lastCronAt.set(cronSeq, now)
    }
    const known = this.cronFirings.get(id)
    const executionId = textOrNull(after.execution_id)
    if (known?.executionId != null && known.executionId !== executionId) {
      this.#report('cron-times-start-once', `cron firing ${id} started ${known.executionId} and ${executionId}`)
    }
    this.cronFirings.set(id, { cronSeq, executionId })
  }
}
