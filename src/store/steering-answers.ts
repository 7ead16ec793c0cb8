/** Answers to requests for executions. The same for every store. */

import type { ExecutionEnd } from '../engine/ports.ts'
import type { ActionAnswer, SteeringRequest } from '../model/action.ts'

export const REPLACED: ActionAnswer = {
  isRefused: true,
  text: 'Before an engine applied this request, a newer request replaced it.',
}

/** The request that is stored when another one may wait: two of one kind are one, and stop at what the stricter one stops. */
export function joinedRequest(waiting: SteeringRequest | null, request: SteeringRequest): SteeringRequest {
  if (waiting === null || waiting.kind !== request.kind) return request
  const { actionIds, reason, at } = waiting
  return {
    ...request,
    actionIds: [...actionIds, ...request.actionIds],
    waits: waiting.waits && request.waits,
    reason,
    at,
  }
}

/** Report of a cancel that found nothing running. */
export const NOTHING_STOPPED = JSON.stringify({ stopped: 0, lostScripts: [] })

/** Answer to the request that waits when its execution ends. */
export function endAnswer(request: SteeringRequest, end: ExecutionEnd, cancelReport = NOTHING_STOPPED): ActionAnswer {
  if (request.kind === 'cancel' && end.status === 'Cancelled') return { isRefused: false, text: cancelReport }
  return { isRefused: true, text: `The execution had already ended: ${end.status}.` }
}
