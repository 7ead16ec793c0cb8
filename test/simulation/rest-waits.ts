/**
 * Ends the waits that are open at the end of a run: sends their signals, and answers their approvals. It cancels
 * executions with delays, of nodes or of `TryLater`, that end much later, because a clock was set.
 */

import type { ModelWait } from './model/waits.ts'
import type { Request } from './program.ts'
import type { Simulation } from './simulation.ts'

/** Longest delay that the end of a run waits for. */
const MAX_DELAY_MS = 30_000

export type RestRequest =
  Extract<Request, { readonly kind: 'signal' | 'answer' | 'cancel' }> extends infer One
    ? One extends Request
      ? Omit<One, 'n' | 'process'>
      : never
    : never

/** Returns the requests that end the open waits. `now`: the time on the clock of the serving process. */
export function endingRequests({ model }: Simulation, now: number): readonly RestRequest[] {
  const requests = new Map<string, RestRequest>()
  for (const wait of model.waits.all) {
    if (wait.outcome !== null) continue
    const request = endingRequest(wait, now)
    if (request !== null) requests.set(JSON.stringify(request), request)
  }
  for (const { id } of model.triesLater.delayedUntilAfter(now + MAX_DELAY_MS)) {
    const request = { kind: 'cancel', target: id, waits: false } as const
    requests.set(JSON.stringify(request), request)
  }
  return [...requests.values()]
}

function endingRequest({ execution, signal, key, approvalId, deadlineAt }: ModelWait, now: number): RestRequest | null {
  if (signal !== null) return { kind: 'signal', signal, waitKey: key ?? '', id: null, isOther: false }
  if (approvalId !== null) return { kind: 'answer', target: execution.id, approves: true }
  const isFar = (deadlineAt ?? 0) > now + MAX_DELAY_MS
  return isFar ? { kind: 'cancel', target: execution.id, waits: false } : null
}
