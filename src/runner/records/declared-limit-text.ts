/** Converts declared limits to words, for one line of the command line or the page. */

import { rateText } from '../../model/limits/limit-rate.ts'
import type { LimitValues } from '../../model/limits/limits.ts'
import type { WorkflowLimit } from '../../model/workflow.ts'

/** Returns `3 active, 100/1m, per tenant`. */
export function declaredLimitText({ maxActive, rate, per }: LimitValues): string {
  return [
    ...(maxActive === null ? [] : [`${maxActive} active`]),
    ...(rate === null ? [] : [rateText(rate)]),
    ...(per === null ? [] : [`per ${per}`]),
  ].join(', ')
}

/** Returns `1 active, per customer, overflow newest`. The default overflow is left out. */
export function workflowLimitText({ maxActive, per, overflow }: WorkflowLimit): string {
  const facts = declaredLimitText({ maxActive, rate: null, per })
  return overflow === 'queue' ? facts : `${facts}, overflow ${overflow}`
}
