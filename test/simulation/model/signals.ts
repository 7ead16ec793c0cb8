/**
 * Invariants of signals, from the manual: a signal ends all open waits of its name and key, or is kept. The first wait
 * that opens uses the oldest kept signal, and each kept signal ends one wait. No signal is lost.
 */

import type { RowChange, RowValues } from '../recorder.ts'
import { numberOrNull } from './executions.ts'
import type { Report } from './violation.ts'
import { type ModelWait, shown, type WaitModel } from './waits.ts'

export interface ModelSignal {
  readonly seq: number
  readonly id: string
  readonly name: string
  readonly key: string
  readonly payload: string
  usedAt: number | null
  isUsedAtOnce: boolean
  /** JSON list of ids. */
  executions: string
}

export class SignalModel {
  readonly #waits: WaitModel
  readonly #report: Report
  readonly byId = new Map<string, ModelSignal>()
  readonly #usedNow = new Set<ModelSignal>()
  readonly #sentNow = new Set<ModelSignal>()

  constructor(waits: WaitModel, report: Report) {
    this.#waits = waits
    this.#report = report
  }

  apply({ table, before, after }: RowChange): void {
    if (table !== 'signals') return
    if (after === null) this.#report('signals-are-kept', `signal ${before?.id} was removed`)
    else if (before === null) this.#sent(after)
    else this.#changed(after)
  }

  /** Checks the commit. Call it before the model of waits forgets the ended waits. */
  committed(): void {
    for (const signal of this.#usedNow) this.#checkUsed(signal)
    for (const wait of this.#waits.endedNow) this.#checkEnded(wait)
    for (const wait of this.#waits.openedNow) this.#checkOpen(wait)
    for (const signal of this.#sentNow) this.#checkSent(signal)
    this.#usedNow.clear()
    this.#sentNow.clear()
  }

  #sent(row: RowValues): void {
    const signal: ModelSignal = {
      seq: Number(row.seq),
      id: String(row.id),
      name: String(row.name),
      key: String(row.key),
      payload: String(row.payload),
      usedAt: null,
      isUsedAtOnce: false,
      executions: '[]',
    }
    if (this.byId.has(signal.id)) this.#report('signals-are-sent-once', `signal ${signal.id} was stored twice`)
    this.byId.set(signal.id, signal)
    this.#sentNow.add(signal)
    if (row.used_at !== null) this.#changed(row)
  }

  #changed(row: RowValues): void {
    const signal = this.byId.get(String(row.id))
    if (signal === undefined) return
    if (signal.usedAt !== null) {
      this.#report('kept-signals-are-used-once', `signal ${signal.id} of ${signal.executions} ended ${row.executions}`)
      return
    }
    signal.usedAt = numberOrNull(row.used_at)
    signal.isUsedAtOnce = Number(row.is_used_at_once) === 1
    signal.executions = String(row.executions)
    if (signal.usedAt !== null) this.#usedNow.add(signal)
  }

  /** Checks that the commit has ended a wait of each execution of a used signal, and no newer signal before it. */
  #checkUsed(signal: ModelSignal): void {
    const ids = JSON.parse(signal.executions) as readonly string[]
    const ended = [...this.#waits.endedNow].filter((wait) => isFor(wait, signal) && wait.payload === signal.payload)
    const missing = ids.find((id) => !ended.some(({ execution }) => execution.id === id))
    if (missing !== undefined || ids.length === 0)
      this.#report('used-signals-end-waits', `signal ${signal.id} is used by ${ids}, and ended no wait of ${missing}`)
    if (signal.isUsedAtOnce) return
    if (ids.length > 1) this.#report('kept-signals-are-used-once', `the kept signal ${signal.id} ended ${ids}`)
    const older = this.#kept(signal).find(({ seq }) => seq < signal.seq)
    if (older !== undefined)
      this.#report('kept-signals-in-order', `signal ${signal.id} was used before the older signal ${older.id}`)
  }

  /** Checks that exactly one signal ended the wait. */
  #checkEnded(wait: ModelWait): void {
    if (wait.outcome !== 'signal') return
    const used = [...this.#usedNow].filter(
      (signal) =>
        isFor(wait, signal) && signal.payload === wait.payload && signal.executions.includes(wait.execution.id),
    )
    if (used.length !== 1)
      this.#report('signals-end-waits', `${used.length} signals with ${wait.payload} ended ${shown(wait)}`)
    const earlier = [...this.#waits.openedNow].find(
      (other) => other.outcome === null && isFor(other, used[0]) && other.execution.seq < wait.execution.seq,
    )
    if (earlier !== undefined && used[0]?.isUsedAtOnce === false)
      this.#report('older-executions-first', `signal ${used[0]?.id} ended ${shown(wait)}, not ${shown(earlier)}`)
  }

  /** Checks that no signal is kept for an open wait. */
  #checkOpen(wait: ModelWait): void {
    if (wait.outcome !== null) return
    const kept = [...this.byId.values()].find((signal) => signal.usedAt === null && isFor(wait, signal))
    if (kept !== undefined) this.#report('no-signal-is-lost', `${shown(wait)} is open, and signal ${kept.id} is kept`)
  }

  /** Checks that a new signal left no wait open that had opened before. */
  #checkSent(signal: ModelSignal): void {
    for (const wait of this.#waits.all) {
      if (wait.outcome !== null || !isFor(wait, signal) || this.#waits.openedNow.has(wait)) continue
      this.#report('no-signal-is-lost', `signal ${signal.id} was sent, and ${shown(wait)} is open`)
    }
  }

  #kept({ name, key }: ModelSignal): readonly ModelSignal[] {
    return [...this.byId.values()].filter((each) => each.usedAt === null && each.name === name && each.key === key)
  }
}

function isFor(wait: ModelWait, signal: ModelSignal | undefined): boolean {
  return signal !== undefined && wait.signal === signal.name && wait.key === signal.key
}
