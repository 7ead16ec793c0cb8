/**
 * Builds the reports of failures, with the receivers that the routes choose. Used by the loops, which pass a report to
 * the step that stores the failure. Without effects.
 */

import type { AlertFacts, AlertKind } from '../../model/alert.ts'
import { formatError, type PythonFault } from '../../model/fault.ts'
import { failuresNote } from '../../model/policy.ts'
import { formatInstant } from '../../model/time/instant.ts'
import type { Trouble } from '../clock-port.ts'
import type { CronClaim } from '../cron/cron-store.ts'
import type { ScriptQuarantinedEvent } from '../engine-events.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { ExecutionEnd, FailedTick, LostEngine, TaskChange } from '../store-ports.ts'
import type { IncidentPolicy } from './incident-policy.ts'
import type { IncidentReport, MissedDeadline } from './incident-report.ts'

/** Failure without the options of the engine. */
export interface Failure {
  readonly kind: AlertKind
  /** See `IncidentReport.subject`. */
  readonly subject: string
  readonly at: number
  /** Default of each fact: null. Default of the subject: the subject of the incident. */
  readonly facts: Pick<AlertFacts, 'message'> & Partial<AlertFacts>
  /** See `IncidentReport.isMoment`. */
  readonly isMoment?: true
}

interface RunningExecution {
  readonly id: string
  readonly workflow: string
  /** Trigger that started it, or null. */
  readonly trigger: string | null
}

interface FiredSchedule {
  readonly id: string
  readonly triggerName: string | null
  readonly workflow: string
}

interface NamedTrigger {
  readonly name: string
  readonly workflow: string
}

const NO_FACTS = { workflow: null, trigger: null, task: null, errorType: null, cause: null, executionId: null }

export class FailureReports {
  readonly #ports: Pick<EnginePorts, 'incidents' | 'registry'>

  constructor(ports: Pick<EnginePorts, 'incidents' | 'registry'>) {
    this.#ports = ports
  }

  /** Returns null if this engine does not report this kind. */
  report(failure: Failure): IncidentReport | null {
    const policy = this.#ports.incidents
    return policy?.kinds.has(failure.kind) ? this.#make(policy, failure) : null
  }

  #make(policy: IncidentPolicy, { kind, subject, at, facts, isMoment }: Failure): IncidentReport {
    const { workflow = null, trigger = null, cause = null } = facts
    return {
      kind,
      subject,
      facts: { ...NO_FACTS, subject, ...facts, message: formatError(facts.message), cause: formatError(cause) },
      at,
      targets: policy.targets({ kind, workflow, trigger, tags: this.#tags(kind, workflow, trigger) }),
      repeatMs: policy.repeatMs,
      cooldownMs: policy.cooldownMs,
      sendsRecovery: policy.sendsRecovery,
      isMoment: isMoment === true,
    }
  }

  /** Returns the end with its report, if it is a failure that this engine reports. */
  withReport(end: ExecutionEnd, { id, workflow, trigger }: RunningExecution): ExecutionEnd {
    if (end.status !== 'Failed') return end
    const { failure } = end
    const cause = failure?.cause ?? null
    const report = this.report({
      kind: 'execution-failed',
      subject: workflow,
      at: end.endedAt,
      facts: {
        subject: id,
        message: `Workflow "${workflow}" failed: ${cause ?? end.errorMessage ?? 'unknown reason'}`,
        workflow,
        trigger,
        task: failure?.taskId ?? null,
        errorType: failure?.errorType ?? null,
        cause,
        executionId: id,
      },
    })
    return report === null ? end : { ...end, report }
  }

  /** Returns the incidents of the approvals that changes open. The store reports each approval once. */
  openedApprovals(
    changes: readonly TaskChange[],
    { id, workflow, trigger }: RunningExecution,
  ): readonly MissedDeadline[] {
    if (!this.#ports.incidents?.kinds.has('approval-requested')) return []
    return changes.flatMap(({ taskId, wait }) => {
      if (wait?.kind !== 'approval') return []
      const { approvalId: subject, openedAt: at } = wait
      const message = `Workflow "${workflow}" waits for an answer to approval "${taskId}".`
      const facts = { message, subject, workflow, trigger, task: taskId, executionId: id }
      const report = this.report({ kind: 'approval-requested', subject, at, facts, isMoment: true })
      return report === null ? [] : { key: `approval ${subject}`, report }
    })
  }

  /** Returns the incidents that a failed poll opens or extends. */
  failedPoll(
    { name, workflow }: NamedTrigger,
    error: PythonFault,
    pauseAfter: number | null,
    at: number,
  ): Pick<FailedTick, 'failing' | 'disabled'> {
    const facts = { workflow, trigger: name, errorType: error.type, cause: error.message }
    const failuresInRow = this.#ports.incidents?.failuresInRow ?? 1
    const times = failuresInRow === 1 ? '' : ` ${failuresInRow} times in a row`
    const message = `Trigger "${name}" failed${times}: ${error.message}`
    const failing = this.report({ kind: 'trigger-failing', subject: name, at, facts: { ...facts, message } })
    const disabled =
      pauseAfter === null
        ? null
        : this.report({
            kind: 'trigger-disabled',
            subject: name,
            at,
            facts: { ...facts, message: `Trigger "${name}" is ${failuresNote(pauseAfter, error.message)}` },
          })
    return {
      ...(failing !== null && { failing: { report: failing, failuresInRow } }),
      ...(disabled !== null && { disabled }),
    }
  }

  /** Returns the incident of a schedule that fires late. */
  lateFiring({ id, triggerName, workflow }: FiredSchedule, dueAt: number, at: number): Pick<CronClaim, 'late'> {
    const lateMs = at - dueAt
    if (lateMs < (this.#ports.incidents?.lateByMs ?? Number.POSITIVE_INFINITY)) return {}
    const name = triggerName === null ? `A schedule of workflow "${workflow}"` : `Trigger "${triggerName}"`
    const message = `${name} fired ${formatSeconds(lateMs)} late.`
    const facts = { message, subject: id, trigger: triggerName, workflow }
    const late = this.report({ kind: 'trigger-late', subject: triggerName ?? id, at, facts })
    return late === null ? {} : { late }
  }

  /** Returns the incident of a trigger whose poll has been due for a time, and has not ended. */
  latePoll(name: string, lateMs: number, at: number): IncidentReport | null {
    const message = `Trigger "${name}" is late: its poll was due ${formatSeconds(lateMs)} ago and has not ended.`
    const workflow = this.#ports.registry.current().triggers.get(name)?.workflow ?? null
    return this.report({ kind: 'trigger-late', subject: name, at, facts: { message, trigger: name, workflow } })
  }

  quarantined({ script, culprit, reason }: ScriptQuarantinedEvent, at: number): IncidentReport | null {
    const message = `Script "${script}" was moved to its own interpreter because of ${culprit}: ${reason}`
    return this.report({ kind: 'interpreter-quarantined', subject: script, at, facts: { message }, isMoment: true })
  }

  refused({ during, error }: Trouble, at: number): IncidentReport | null {
    const facts = { subject: null, message: `Database error while ${during}: ${error.message}` }
    return this.report({ kind: 'database-refused', subject: '', at, facts })
  }

  /** Returns the function that makes the incident of a lost engine, or undefined if none is reported. */
  lostEngines(now: () => number): ((lost: LostEngine) => IncidentReport) | undefined {
    const policy = this.#ports.incidents
    if (!policy?.kinds.has('engine-lost')) return undefined
    return ({ id, host, pid, heartbeatAt }) => {
      const message =
        `Engine ${pid} on host "${host}" ended without an orderly stop; its last heartbeat was at ` +
        `${formatInstant(heartbeatAt)}. Other engines take over its triggers and executions.`
      return this.#make(policy, { kind: 'engine-lost', subject: id, at: now(), facts: { message }, isMoment: true })
    }
  }

  /** The tags of a trigger replace those of its workflow in incidents about the trigger. */
  #tags(kind: AlertKind, workflow: string | null, trigger: string | null): Readonly<Record<string, string>> {
    const { triggers, workflows } = this.#ports.registry.current()
    const declared = kind.startsWith('trigger-') && trigger !== null ? triggers.get(trigger)?.tags : undefined
    return declared ?? (workflow === null ? undefined : workflows.get(workflow)?.tags) ?? {}
  }
}

function formatSeconds(durationMs: number): string {
  return `${Math.round(durationMs / 1_000)} s`
}
