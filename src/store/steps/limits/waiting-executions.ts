/** Part of steps that show why executions have not begun: the limit of their workflow, or of their trigger. */

import { type LimitKey, workflowLimitName } from '../../../model/limits/limits.ts'
import type { LimitWait } from '../../../model/waits.ts'
import { LIST_BEGUN_OF_TRIGGER, triggerLine, triggerOfLine } from '../../sql/firing-sql.ts'
import { GET_TRIGGER } from '../../sql/trigger-sql.ts'
import { type TriggerRecord, triggerRow } from '../../store-rows.ts'
import type { Session, Step } from '../../store-session.ts'
import { textOfKey } from './key-states.ts'
import { MAX_HOLDERS, shownWaits } from './shown-limits.ts'

export interface WaitingExecution {
  readonly workflow: string
  readonly waits_for: string | null
  readonly limit_value: string | null
}

/** Returns the reasons by the line for which executions wait. */
export function* executionWaits(
  session: Session,
  executions: readonly WaitingExecution[],
): Step<ReadonlyMap<string, LimitWait>> {
  const waits = new Map<string, LimitWait>()
  const keys = new Map<string, LimitKey>()
  for (const { workflow, waits_for: line, limit_value } of executions) {
    if (line === null || waits.has(line)) continue
    const trigger = triggerOfLine(line)
    if (trigger !== null) waits.set(line, yield* triggerWait(session, trigger))
    else keys.set(line, { name: workflowLimitName(workflow), value: limit_value ?? 'null' })
  }
  const shown = yield* shownWaits(session, [...keys.values()])
  for (const [line, key] of keys) {
    const found = shown.get(textOfKey(key))
    if (found !== undefined) waits.set(line, found.wait)
  }
  return waits
}

function* triggerWait(session: Session, trigger: string): Step<LimitWait> {
  const record = yield* session.one<TriggerRecord>(GET_TRIGGER, trigger)
  const slots = record === undefined ? null : triggerRow(record, null).policy.maxActive
  const found = yield* session.all<{ readonly id: string }>(
    LIST_BEGUN_OF_TRIGGER,
    trigger,
    triggerLine(trigger),
    MAX_HOLDERS,
  )
  return { kind: 'limit', limit: triggerLine(trigger), value: null, slots, heldBy: found.map(({ id }) => id) }
}
