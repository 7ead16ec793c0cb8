/**
 * Failures and successes of a commit, from the rows of executions, ticks, schedules and judged deadlines. The model of
 * incidents computes from them how the rows of incidents must change.
 */

import type { AlertKind } from '../../../src/model/alert.ts'
import type { Program } from '../program.ts'
import type { RowChange, RowValues } from '../recorder.ts'
import type { ExecutionModel } from './executions.ts'
import { textOrNull } from './executions.ts'
import { receiversOf } from './routing.ts'
import type { Report } from './violation.ts'

export interface Cause {
  readonly kind: AlertKind
  readonly subject: string
  /** `absorbed`: failure that another message of the commit reports. It only extends an open incident. */
  readonly change: 'failure' | 'absorbed' | 'success'
  readonly at: number
  /**
   * Whether it changes the incident in each case. The rows do not show whether a time of day was missed, or whether a
   * poll that reached a limit was requested by a person. Old skips may be stored after a failure, and end nothing.
   */
  readonly certainty: 'certain' | 'possible' | 'unless older'
}

const BY_EXECUTIONS: readonly AlertKind[] = ['execution-failed', 'deadline-missed']
const BY_POLLS: readonly AlertKind[] = ['trigger-failing', 'trigger-disabled', 'trigger-late']

interface Trigger {
  readonly name: string
  readonly failuresInRow: number
  readonly failedAt: number
}

export class IncidentCauses {
  readonly #program: Program
  readonly #executions: ExecutionModel
  readonly #report: Report
  readonly #triggers = new Map<number, Trigger>()
  /** Names of cron triggers, by the number of their schedule. */
  readonly #crons = new Map<number, string | null>()
  /** Ids of executions that ended in this commit after the deadline of their workflow, until it is judged. */
  readonly #unjudged = new Set<string>()
  /** Position in the causes of the end of each execution that ended in this commit. */
  readonly #ends = new Map<string, number>()
  readonly #judgedExecutions = new Set<string>()
  #causes: Cause[] = []

  constructor(program: Program, executions: ExecutionModel, report: Report) {
    this.#program = program
    this.#report = report
    this.#executions = executions
  }

  /** Returns the causes of the commit, in the order of their rows. Checks that it judged the missed deadlines. */
  take(): readonly Cause[] {
    const causes = this.#causes
    for (const id of this.#unjudged)
      this.#report('missed-deadlines-are-judged', `execution ${id} ended after its deadline, which was not judged`)
    this.#causes = []
    this.#ends.clear()
    this.#unjudged.clear()
    return causes
  }

  apply({ table, before, after }: RowChange): void {
    if (after === null) return
    if (table === 'executions') this.#executionChanged(before, after)
    else if (table === 'triggers') this.#triggerChanged(before, after)
    else if (table === 'ticks' && before === null) this.#tickAdded(after)
    else if (table === 'crons') this.#crons.set(Number(after.seq), textOrNull(after.trigger_name))
    else if (table === 'cron_firings' && before === null) this.#cronFired(after)
    else if (table === 'judged_deadlines') this.#judged(String(after.key), Number(after.judged_at))
  }

  #executionChanged(before: RowValues | null, { id, status, workflow, created_at, ended_at }: RowValues): void {
    if (ended_at === null || (before !== null && before.ended_at !== null)) return
    const deadline = this.#program.alerts.deadlines.find((each) => each.workflow === workflow && each.task === null)
    const isMissed = deadline !== undefined && Number(ended_at) > Number(created_at) + deadline.withinMs
    // A process that does not declare the workflow may cancel an execution that no engine owns.
    const isOwned = before !== null && before.owner_seq !== null
    if (isMissed && (isOwned || status !== 'Cancelled') && !this.#judgedExecutions.has(String(id)))
      this.#unjudged.add(String(id))
    this.#ends.set(String(id), this.#causes.length)
    if (status === 'Failed') this.#failed('execution-failed', String(workflow), Number(ended_at))
    if (status === 'Completed') this.#succeeded(BY_EXECUTIONS, String(workflow), Number(ended_at))
  }

  #triggerChanged(before: RowValues | null, after: RowValues): void {
    const [seq, name] = [Number(after.seq), String(after.name)]
    const failedAt = this.#triggers.get(seq)?.failedAt ?? 0
    this.#triggers.set(seq, { name, failuresInRow: Number(after.failures_in_row), failedAt })
    if (before === null) return
    const isDisabled = Number(before.enabled) === 1 && Number(after.enabled) === 0
    if (isDisabled && /^disabled after \d+ failed poll/.test(String(after.note))) this.#disabled(name, failedAt)
    if (Number(after.skip_count) > 0 && after.skip_count !== before.skip_count)
      this.#succeeded(BY_POLLS, name, Number(after.skip_last_at), 'unless older')
  }

  #tickAdded({ trigger_seq, outcome, reason, last_at, state_after }: RowValues): void {
    const seq = Number(trigger_seq)
    const trigger = this.#triggers.get(seq)
    if (trigger === undefined) return
    const { name, failuresInRow } = trigger
    const at = Number(last_at)
    if (outcome === 'failed') {
      this.#triggers.set(seq, { ...trigger, failedAt: at })
      if (failuresInRow >= this.#program.alerts.failuresInRow) this.#failed('trigger-failing', name, at)
      return
    }
    if (outcome === 'refused') {
      if (failuresInRow >= this.#program.alerts.failuresInRow) this.#failed('trigger-failing', name, at)
      this.#succeeded(['trigger-late'], name, at)
      return
    }
    const isByHand = String(reason ?? '').startsWith('by hand')
    if (outcome === 'limited') this.#succeeded(BY_POLLS, name, at, 'possible')
    // A skip that changes a state has a row of its own.
    else if (outcome === 'skipped' && state_after !== null) this.#succeeded(BY_POLLS, name, at, 'unless older')
    else if ((outcome === 'fired' || outcome === 'duplicate') && !isByHand) this.#succeeded(BY_POLLS, name, at)
    if (outcome === 'fired') this.#succeeded(['trigger-silent'], name, at)
  }

  #cronFired({ cron_seq, execution_id, claimed_at }: RowValues): void {
    const trigger = this.#crons.get(Number(cron_seq))
    if (execution_id !== null && trigger != null) this.#succeeded(['trigger-silent'], trigger, Number(claimed_at))
  }

  #judged(key: string, at: number): void {
    const [, executionId] = /^deadline of (\S+)/.exec(key) ?? []
    const [, silent] = /^silence of (\S+) since/.exec(key) ?? []
    const [, workflow] = /^(\S+) done by .* \d{4}-\d\d-\d\d$/.exec(key) ?? []
    if (executionId !== undefined && !key.includes(`${executionId} `)) {
      this.#judgedExecutions.add(executionId)
      this.#unjudged.delete(executionId)
    }
    const late = executionId === undefined ? undefined : this.#executions.byId.get(executionId)?.workflow
    if (late !== undefined) this.#missed(executionId ?? '', late, at)
    if (silent !== undefined) this.#failed('trigger-silent', silent, at)
    if (workflow !== undefined) this.#failed('deadline-missed', workflow, at, 'possible')
  }

  /** Adds a missed deadline. It passed before the end of its execution, if that is in the same commit. */
  #missed(executionId: string, workflow: string, at: number): void {
    const index = this.#ends.get(executionId) ?? this.#causes.length
    for (const [id, end] of this.#ends) if (end >= index) this.#ends.set(id, end + 1)
    const missed = { kind: 'deadline-missed', subject: workflow, change: 'failure', at, certainty: 'certain' } as const
    this.#causes.splice(index, 0, missed)
  }

  /** Adds a trigger that its last failed poll has disabled. One message reports both to the same receivers. */
  #disabled(trigger: string, at: number): void {
    const index = this.#causes.findLastIndex(({ kind, subject }) => kind === 'trigger-failing' && subject === trigger)
    const failing = this.#causes[index]
    const [toldDisabled, toldFailing] = (['trigger-disabled', 'trigger-failing'] as const).map((kind) =>
      receiversOf(this.#program, `${kind} ${trigger}`),
    )
    const isReported = toldFailing?.every((receiver) => toldDisabled?.includes(receiver)) === true
    if (failing?.change === 'failure' && failing.at === at && isReported)
      this.#causes[index] = { ...failing, change: 'absorbed' }
    this.#failed('trigger-disabled', trigger, at)
  }

  #failed(kind: AlertKind, subject: string, at: number, certainty: Cause['certainty'] = 'certain'): void {
    this.#causes.push({ kind, subject, change: 'failure', at, certainty })
  }

  #succeeded(
    kinds: readonly AlertKind[],
    subject: string,
    at: number,
    certainty: Cause['certainty'] = 'certain',
  ): void {
    for (const kind of kinds) this.#causes.push({ kind, subject, change: 'success', at, certainty })
  }
}
