/** Check of the retries of callers: see `requests.ts`. */

import type { ExecutionModel } from './model/executions.ts'
import type { Report } from './model/violation.ts'
import type { Sent } from './requests.ts'

/** Reports executions that retry another one although no request for them was accepted. */
export function checkRetries(sent: readonly Sent[], executions: ExecutionModel, report: Report): void {
  const started = new Map<string, number>()
  for (const { retryOf } of executions.byId.values()) {
    if (retryOf !== null) started.set(retryOf, (started.get(retryOf) ?? 0) + 1)
  }
  for (const [target, count] of started) {
    const retries = sent.filter((each) => each.request.kind === 'retry' && each.target === target)
    const possible = retries.filter(({ outcome }) => outcome !== 'refused').length
    if (count > possible)
      report('refused-leaves-nothing', `${count} executions retry ${target}, ${possible} requests were not refused`)
  }
}
