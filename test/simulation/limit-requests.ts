/** Changes of limits by callers: see `requests.ts`. */

import type { Engine } from '../../src/engine/engine.ts'
import { UsageError } from '../../src/errors.ts'
import type { LimitModel } from './model/limits.ts'
import type { Report } from './model/violation.ts'
import type { WorkflowLimitModel } from './model/workflow-limits.ts'
import type { LimitRequest, Request } from './program.ts'
import type { Sent } from './requests.ts'

type SentLimit = Extract<Request, LimitRequest>

interface LimitAnswerPorts {
  readonly limits: LimitModel
  readonly workflowLimits: WorkflowLimitModel
  readonly report: Report
  /** Requests so far. */
  readonly sent: readonly Sent[]
}

export function isOfLimit(request: Request): request is SentLimit {
  return 'limit' in request
}

/** The note of the action is in the options. */
export function performOnLimit(
  engine: Engine,
  request: SentLimit,
  options: { readonly source: 'node'; readonly note: string },
): Promise<unknown> {
  const { limits } = engine.services
  switch (request.kind) {
    case 'setLimit': {
      const { maxActive, rate } = request
      const settings = { ...(maxActive !== undefined && { maxActive }), ...(rate !== undefined && { rate }) }
      return limits.set(request.limit, settings, options)
    }
    case 'resetLimit':
      return limits.set(request.limit, null, options)
    case 'closeLimit':
      return limits.close(request.limit, {
        ...options,
        ...(request.value !== null && { valueText: request.value }),
        ...(request.forMs !== null && { forMs: request.forMs }),
      })
    case 'openLimit':
      return limits.open(request.limit, { ...options, ...(request.value !== null && { valueText: request.value }) })
  }
}

/** Checks that the database has the change, unless another request may have changed it since then. */
export function checkLimitChange(
  sent: Sent,
  request: SentLimit,
  { limits, report, sent: all }: LimitAnswerPorts,
): void {
  const isChanged = all.some(
    (each) =>
      each !== sent &&
      isOfLimit(each.request) &&
      each.request.limit === request.limit &&
      each.outcome !== 'refused' &&
      (each.calledAt >= sent.calledAt || each.answeredAt === null || each.answeredAt >= sent.calledAt),
  )
  const limit = limits.byName.get(request.limit)
  if (isChanged) return
  const problem = limit === undefined ? 'is not stored' : problemOf(request, limits, sent.calledAt)
  if (problem !== null)
    report(
      'answers-are-true',
      `request ${request.n} (${request.kind} ${request.limit}) was answered, and it ${problem}`,
    )
}

function problemOf(request: SentLimit, limits: LimitModel, calledAt: number): string | null {
  const limit = limits.byName.get(request.limit)
  switch (request.kind) {
    case 'setLimit': {
      const { maxActive, rate } = request
      const isSet =
        (maxActive === undefined || limit?.overrides?.maxActive === maxActive) &&
        (rate === undefined || limit?.overrides?.rate != null)
      return isSet ? null : `has the overrides ${JSON.stringify(limit?.overrides)}`
    }
    case 'resetLimit':
      return limit?.overrides == null ? null : `has the overrides ${JSON.stringify(limit.overrides)}`
    case 'closeLimit':
      return limits.wasClosed(request.limit, request.value, calledAt + (request.forMs ?? 60_000)) ? null : 'is open'
    case 'openLimit':
      return limits.isClosedByPerson(request.limit, request.value) ? 'is closed' : null
  }
}

/** Checks that an execution was refused with `LIMITED` because its limit had no free slot, or was closed. */
export function checkLimited(
  sent: Sent,
  thrown: unknown,
  { workflowLimits, report }: Pick<LimitAnswerPorts, 'workflowLimits' | 'report'>,
): void {
  const { request } = sent
  if (!(thrown instanceof UsageError) || thrown.code !== 'LIMITED') return
  if (request.kind !== 'submit' && request.kind !== 'execute') return
  const value = JSON.stringify(request.customer ?? null)
  if (!workflowLimits.wasFullSince(request.workflow, value, sent.calledAt))
    report('answers-are-true', `request ${request.n} was refused as limited, and ${request.workflow} had a free slot`)
}
