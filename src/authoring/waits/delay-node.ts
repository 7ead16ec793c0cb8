/** `delay`: a node that completes after a time. Called by `workflow-function.ts`. */

import { UsageError } from '../../errors.ts'
import type { DelayEnd } from '../../model/workflow.ts'
import type { OptionSchema, Owner } from '../../options/checked.ts'
import { durationAtLeast, TIME_OF_DAY, TIME_ZONE } from '../../options/schemas.ts'
import type { DelayOptions, NodeOptions } from '../types/wait-types.ts'
import { nodeDeclaration } from './declared-node.ts'

const OPTIONS = {
  for: durationAtLeast(1),
  until: TIME_OF_DAY,
  timezone: TIME_ZONE,
} satisfies Record<Exclude<keyof DelayOptions<string, unknown>, keyof NodeOptions<string, unknown>>, OptionSchema>

export const declaredDelay = nodeDeclaration('delay', OPTIONS, (owner, given) => ({
  kind: 'delay',
  end: endOf(owner, given),
}))

interface GivenEnd {
  readonly for?: number | undefined
  readonly until?: string | undefined
  readonly timezone?: string | undefined
}

function endOf(owner: Owner, { for: ms, until: time, timezone }: GivenEnd): DelayEnd {
  if (ms !== undefined && time === undefined && timezone === undefined) return { kind: 'after', ms }
  if (ms === undefined && time !== undefined) return { kind: 'until', time: { time, timezone: timezone ?? 'UTC' } }
  const remedy = 'Set either "for", or "until" with an optional "timezone".'
  const message = `The options of ${owner.what} do not state one end of the delay. ${remedy}`
  throw new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path: 'for' })
}
