/** Records actions whose change is stored already. */

import { toError } from '../../errors.ts'
import type { ActionAnswer, NewAction } from '../../model/action.ts'
import type { EngineEvents } from '../events.ts'
import type { Store } from '../ports.ts'

export interface RecordPorts {
  readonly store: Pick<Store, 'actions'>
  readonly events: EngineEvents
}

const DONE: ActionAnswer = { isRefused: false, text: null }

/** Never rejects: the caller's answer is true without the record, so a refused record is reported as trouble. */
export async function recordDone({ store, events }: RecordPorts, action: NewAction, answer = DONE): Promise<void> {
  try {
    await store.actions.record(action, answer)
  } catch (thrown) {
    events.emit('trouble', { during: `recording the action "${action.kind}"`, error: toError(thrown), retryAt: null })
  }
}
