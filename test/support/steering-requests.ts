/** Requests to pause, resume and cancel executions, and their answers, for store tests. */

import { expect } from 'vitest'
import type { SteeringAnswer } from '../../src/engine/store-ports.ts'
import type { ActionAnswer, NumberedRequest, SteeringRequest } from '../../src/model/action.ts'
import { newAction, START, settlement } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

export const DONE: ActionAnswer = { isRefused: false, text: null }
export const NOTHING_STOPPED: ActionAnswer = { isRefused: false, text: '{"stopped":0,"lostScripts":[]}' }
export const REFUSED = { isRefused: true, text: expect.any(String) }
export const APPLIED: SteeringAnswer = { kind: 'applied', cancelled: null }

type Given = Partial<Omit<SteeringRequest, 'kind' | 'actionIds'>>

export function steeringOf(context: ContractContext) {
  /** Sends a request with a new action. */
  const steer = (
    kind: SteeringRequest['kind'],
    target: string,
    actionId: string,
    { waits = false, reason = 'cancelled', at = START }: Given = {},
    store = context.store,
  ) => store.steer(newAction({ id: actionId, kind, target, at }), { kind, actionIds: [actionId], waits, reason, at })

  return {
    steer,
    /** Sends a request for an execution with a living owner. Returns the request that the owner has to apply. */
    request: async (...given: Parameters<typeof steer>): Promise<NumberedRequest> => {
      const answer = await steer(...given)
      if (answer.kind !== 'requested') throw new Error(`the store answered "${answer.kind}"`)
      return answer.request
    },
    /** Returns the answer to an action, null without one, or undefined if the action is not stored. */
    answerTo: async (actionId: string) => (await context.store.actions.get(actionId))?.answer,
    /** Settles an execution under the number of its first acquisition. */
    settle: (id: string, given: Parameters<typeof settlement>[1]) => context.store.settle(settlement(id, given)),
  }
}
