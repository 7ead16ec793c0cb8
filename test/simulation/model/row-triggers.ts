/**
 * Invariants of triggers that return numbered rows, and keep the last number in their state: the state is the fold of
 * the committed ticks, each row fires once and in order, and at most `max_active` of the executions can begin.
 */

import type { Program, ProgramTrigger } from '../program.ts'
import type { RowChange, RowValues } from '../recorder.ts'
import type { ExecutionModel } from './executions.ts'
import { textOrNull } from './executions.ts'
import type { Report } from './violation.ts'

interface RowTrigger {
  readonly definition: ProgramTrigger
  text: string
  version: number
  /** State after the last tick that changed it. */
  textOfTicks: string
  /** Number of ticks that changed the state. */
  changes: number
  /** Number of rows that have fired. */
  rows: number
  /** Ids of their firings. */
  readonly firings: Set<string>
}

export const INITIAL_STATE = '{"last":0,"seen":0}'

export class RowTriggerModel {
  readonly #program: Program
  readonly #executions: ExecutionModel
  readonly #report: Report
  readonly #bySeq = new Map<number, RowTrigger>()
  readonly #changed = new Set<RowTrigger>()

  constructor(program: Program, executions: ExecutionModel, report: Report) {
    this.#program = program
    this.#executions = executions
    this.#report = report
  }

  apply({ table, before, after }: RowChange): void {
    if (table === 'triggers') this.#triggerChanged(before, after)
    else if (after === null) return
    else if (table === 'ticks' && before === null) this.#tickAdded(after)
    else if (table === 'trigger_states') this.#stateChanged(after)
    else if (table === 'firing_keys') this.#keyTaken(before, after)
  }

  committed(): void {
    for (const trigger of this.#changed) {
      const { definition, text, version, textOfTicks, changes, rows } = trigger
      const of = `of ${definition.name}`
      if (text !== textOfTicks || version !== changes) {
        this.#report('states-follow-from-ticks', `state ${of} is ${text} (${version}), not ${textOfTicks} (${changes})`)
      }
      const { last } = JSON.parse(text) as { readonly last: number }
      if (last !== rows) this.#report('rows-fire-once', `${rows} rows ${of} have fired, but its state is ${text}`)
      this.#checkLimit(trigger)
    }
    this.#changed.clear()
  }

  #checkLimit({ definition, firings }: RowTrigger): void {
    const { name, policy } = definition
    if (policy.maxActive == null) return
    const begun = [...this.#executions.byId.values()].filter(
      ({ firingId, isEnded, waitsFor }) => !isEnded && waitsFor === null && firings.has(firingId ?? ''),
    )
    if (begun.length > policy.maxActive) {
      const message = `${begun.length} executions of ${name} can run, but max_active is ${policy.maxActive}`
      this.#report('active-firings-are-limited', message)
    }
  }

  #triggerChanged(before: RowValues | null, after: RowValues | null): void {
    if (after === null) {
      this.#bySeq.delete(Number(before?.seq))
      return
    }
    const seq = Number(after.seq)
    const definition = this.#program.triggers.find(({ name, hasRows }) => hasRows && name === after.name)
    if (definition === undefined || this.#bySeq.has(seq)) return
    const text = INITIAL_STATE
    this.#bySeq.set(seq, { definition, text, version: 0, textOfTicks: text, changes: 0, rows: 0, firings: new Set() })
  }

  #tickAdded(row: RowValues): void {
    const trigger = this.#bySeq.get(Number(row.trigger_seq))
    if (trigger === undefined) return
    const [before, after] = [textOrNull(row.state_before), textOrNull(row.state_after)]
    const { name } = trigger.definition
    if (row.outcome === 'limited' && !String(row.reason).startsWith('by hand') && row.lateness_ms !== null)
      this.#report('rows-fire-once', `a firing of ${name} was dropped because of max_active`)
    if (after === null) return
    if (before !== trigger.textOfTicks) {
      this.#report('states-follow-from-ticks', `a tick of ${name} begins with ${before}, not ${trigger.textOfTicks}`)
    }
    trigger.textOfTicks = after
    trigger.changes += 1
    this.#changed.add(trigger)
  }

  #stateChanged({ trigger_seq, state, version }: RowValues): void {
    const trigger = this.#bySeq.get(Number(trigger_seq))
    if (trigger === undefined) return
    trigger.text = String(state)
    trigger.version = Number(version)
    this.#changed.add(trigger)
  }

  #keyTaken(before: RowValues | null, { trigger_seq, key, firing_id }: RowValues): void {
    const trigger = this.#bySeq.get(Number(trigger_seq))
    if (trigger === undefined) return
    trigger.rows += 1
    trigger.firings.add(String(firing_id))
    if (before !== null || key !== `row-${trigger.rows}`)
      this.#report('rows-fire-once', `key ${key} of ${trigger.definition.name} fired as row ${trigger.rows}`)
    this.#changed.add(trigger)
  }
}
