/** Problems of a database that a person should look at, the most urgent first, as JSON. Times are RFC 3339. */

import type { TriggerSummary } from '../../../engine/services/triggers/trigger-summary.ts'
import type { AlertKind, ReportedIncident } from '../../../model/alert.ts'
import type { ExecutionSummary } from '../../../model/execution.ts'
import { formatError } from '../../../model/fault.ts'
import type { TickRow } from '../../../model/schedule-rows.ts'
import { formatInstantOrNull } from '../../../model/time/instant.ts'
import type { Runner } from '../../runner.ts'

/** Kinds of problems, the most urgent first. */
export const ATTENTION_KINDS = [
  'database-refused',
  'engine-missing',
  'engine-lost',
  'trigger-broken',
  'trigger-failing',
  'trigger-disabled',
  'trigger-late',
  'trigger-silent',
  'execution-failed',
  'deadline-missed',
  'approval-open',
  'subscription-degraded',
  'interpreter-quarantined',
  'trigger-undeclared',
] as const

type AttentionKind = (typeof ATTENTION_KINDS)[number]

interface Problem {
  readonly kind: AttentionKind
  /** Name of the trigger, workflow or reactor, id of the engine or approval, or path of the script. */
  readonly subject: string
  readonly workflow: string | null
  readonly executionId: string | null
  /** Time of the last failure, or since the problem exists. Null: unknown. */
  readonly at: number | null
  readonly count: number
  readonly cause: string | null
  /** Whether an execution of the workflow has completed since. */
  readonly isOver: boolean
}

const DAY_MS = 86_400_000
const MAX_OF_KIND = 10
const MAX_FAILURES = 100
/** Newest executions of a workflow that failed, among which a completed one is searched. */
const MAX_LATER = 10
const NO_FACTS = { workflow: null, executionId: null, at: null, count: 1, cause: null, isOver: false }

/** Kinds of open incidents that only incidents report. The other kinds are judged from the state of the database. */
const KINDS_OF_INCIDENTS: Readonly<Partial<Record<AlertKind, AttentionKind>>> = {
  'database-refused': 'database-refused',
  'engine-lost': 'engine-lost',
  'trigger-disabled': 'trigger-disabled',
  'trigger-late': 'trigger-late',
  'trigger-silent': 'trigger-silent',
  'deadline-missed': 'deadline-missed',
  'interpreter-quarantined': 'interpreter-quarantined',
}

export async function attentionRecord(runner: Runner, now: number) {
  const since = now - DAY_MS
  const found = await Promise.all([
    enginesAndWaiting(runner),
    triggers(runner),
    failedExecutions(runner, since),
    approvals(runner),
    degraded(runner),
    incidents(runner, since),
  ])
  const bySubject = new Map(
    found.flat().map((problem) => [`${problem.kind} ${problem.subject} ${problem.executionId ?? ''}`, problem]),
  )
  const byKind = Map.groupBy(bySubject.values(), ({ kind }) => kind)
  const kinds = ATTENTION_KINDS.filter((kind) => byKind.has(kind))
  return {
    items: kinds.flatMap((kind) => newest(byKind.get(kind) ?? []).map(problemRecord)),
    counts: Object.fromEntries(kinds.map((kind) => [kind, byKind.get(kind)?.length ?? 0])),
  }
}

function newest(problems: readonly Problem[]): readonly Problem[] {
  const sorted = problems.toSorted((one, other) => {
    return Number(one.isOver) - Number(other.isOver) || (other.at ?? 0) - (one.at ?? 0)
  })
  return sorted.slice(0, MAX_OF_KIND)
}

function problemRecord({ at, cause, ...problem }: Problem) {
  return { ...problem, at: formatInstantOrNull(at), cause: formatError(cause) }
}

async function enginesAndWaiting(runner: Runner): Promise<readonly Problem[]> {
  const [engines, waiting] = await Promise.all([runner.instances.list(), runner.executions.waiting()])
  const dead = engines.filter(({ isAlive }) => !isAlive)
  return [
    ...dead.map(({ id, host, pid, heartbeatAt: at }): Problem => {
      return { ...NO_FACTS, kind: 'engine-lost', subject: id, at, cause: `Process ${pid} on host "${host}"` }
    }),
    ...waiting.map(({ workflow, executions: count }): Problem => {
      return { ...NO_FACTS, kind: 'engine-missing', subject: workflow, workflow, count }
    }),
  ]
}

const KINDS_OF_TRIGGERS = {
  broken: 'trigger-broken',
  failing: 'trigger-failing',
  late: 'trigger-late',
  undeclared: 'trigger-undeclared',
} as const satisfies Partial<Record<keyof TriggerSummary, AttentionKind>>

async function triggers(runner: Runner): Promise<readonly Problem[]> {
  const summary = await runner.triggers.summary()
  const polled = [...summary.failing.slice(0, MAX_OF_KIND), ...summary.late.slice(0, MAX_OF_KIND)]
  const ticks = polled.length === 0 ? new Map() : await runner.triggers.lastTicks(polled)
  const kinds = Object.entries(KINDS_OF_TRIGGERS) as [keyof typeof KINDS_OF_TRIGGERS, AttentionKind][]
  return kinds.flatMap(([member, kind]) =>
    summary[member].map((subject): Problem => {
      const last: TickRow | undefined = ticks.get(subject)?.last
      return { ...NO_FACTS, kind, subject, at: last?.lastAt ?? null, cause: last?.errorMessage ?? last?.reason ?? null }
    }),
  )
}

/** One problem for each workflow that failed in the last day, with its last failure. */
async function failedExecutions(runner: Runner, sinceAt: number): Promise<readonly Problem[]> {
  const failed = (await runner.executions.lastFailed(MAX_FAILURES)).filter(({ endedAt }) => (endedAt ?? 0) >= sinceAt)
  const byWorkflow = Map.groupBy(failed, ({ workflow }) => workflow)
  const recent = await runner.workflows.recent([...byWorkflow.keys()], MAX_LATER)
  return [...byWorkflow].flatMap(([workflow, failures]) => {
    const [last] = failures
    if (last === undefined) return []
    const { id: executionId, endedAt: at } = last
    const isOver = (recent.get(workflow) ?? []).some(
      ({ status, endedAt }) => status === 'Completed' && (endedAt ?? 0) >= (at ?? 0),
    )
    const facts = { workflow, executionId, at, count: failures.length, cause: causeOf(last), isOver }
    return [{ kind: 'execution-failed' as const, subject: workflow, ...facts }]
  })
}

function causeOf({ cause, errorMessage }: ExecutionSummary): string | null {
  return cause ?? errorMessage
}

async function approvals(runner: Runner): Promise<readonly Problem[]> {
  return (await runner.approvals.list({ limit: MAX_FAILURES })).map((approval): Problem => {
    const { id: subject, workflow, executionId, createdAt: at, title: cause } = approval
    return { ...NO_FACTS, kind: 'approval-open', subject, workflow, executionId, at, cause }
  })
}

async function degraded(runner: Runner): Promise<readonly Problem[]> {
  const subscriptions = (await runner.reactors.subscriptions()).filter(({ isDegraded }) => isDegraded)
  return subscriptions.map(({ reactor: subject, workflow }): Problem => {
    return { ...NO_FACTS, kind: 'subscription-degraded', subject, workflow }
  })
}

async function incidents(runner: Runner, sinceAt: number): Promise<readonly Problem[]> {
  return (await runner.incidents.urgent(sinceAt)).flatMap((incident: ReportedIncident) => {
    const kind = KINDS_OF_INCIDENTS[incident.kind]
    if (kind === undefined) return []
    const { subject, lastAt: at, count, facts } = incident
    const { workflow, executionId, message: cause } = facts
    return [{ kind, subject, workflow, executionId, at, count, cause, isOver: false }]
  })
}
