/** Waits of executions in words, for the command line and the page. */

import { limitedWorkflow } from '../../model/limits/limits.ts'

const TRIGGER_PREFIX = 'trigger:'

interface Period<At> {
  readonly since: At
  /** Null: the wait has no timeout. */
  readonly until: At | null
}

/** Wait for a slot of a limit. */
export interface LimitWaitInWords {
  readonly kind: 'limit'
  readonly limit: string
  /** Value of `per`. Null without `per`. */
  readonly value: unknown
  readonly slots: number | null
  readonly heldBy: readonly string[]
}

/** Wait of a node with times of any form: numbers in the engine, and RFC 3339 in JSON. */
type NodeWaitInWords<At> =
  | (Period<At> & { readonly kind: 'delay'; readonly node: string })
  | (Period<At> & { readonly kind: 'signal'; readonly signal: string; readonly key: string })
  | (Period<At> & { readonly kind: 'approval'; readonly title: string })
  | (Period<At> & { readonly kind: 'child'; readonly executionId: string })
  | (Period<At> & LimitWaitInWords)

export type WaitInWords<At> =
  | NodeWaitInWords<At>
  | { readonly kind: 'engine'; readonly workflow: string }
  | LimitWaitInWords

/** Returns `waiting for signal refund-decision/7 since …, until …`. `timeText`: formats a time. */
export function waitText<At>(wait: WaitInWords<At>, timeText: (at: At) => string): string {
  if (wait.kind === 'engine') return `waiting for an engine that has workflow ${wait.workflow}`
  const waiting = `waiting for ${waitedFor(wait)}`
  if (!('since' in wait)) return waiting
  const end = wait.until === null ? '' : `, until ${timeText(wait.until)}`
  return `${waiting} since ${timeText(wait.since)}${end}`
}

/** Returns `signal refund-decision/7`, `approval "Refund 7?"`, `delay cool_down` or `a slot of limit crm`. */
export function waitedFor(wait: NodeWaitInWords<unknown> | LimitWaitInWords): string {
  switch (wait.kind) {
    case 'delay':
      return `delay ${wait.node}`
    case 'signal':
      return `signal ${signalText(wait.signal, wait.key)}`
    case 'approval':
      return `approval "${wait.title}"`
    case 'child':
      return `execution ${wait.executionId}`
    case 'limit':
      return limitText(wait)
  }
}

/** Returns `refund-decision/7`, or only the name if the key is empty. */
export function signalText(name: string, key: string): string {
  return key === '' ? name : `${name}/${key}`
}

/** Returns `a slot of limit crm for "acme"`, `… of workflow sync` or `max_active of trigger rows`. */
function limitText({ limit, value }: LimitWaitInWords): string {
  if (limit.startsWith(TRIGGER_PREFIX)) return `max_active of trigger ${limit.slice(TRIGGER_PREFIX.length)}`
  const workflow = limitedWorkflow(limit)
  const name = workflow === null ? `limit ${limit}` : `workflow ${workflow}`
  return `a slot of ${name}${value === null ? '' : ` for ${JSON.stringify(value)}`}`
}

/** Returns `1 slot`, `3 slots`, or an empty text if the limit has only a rate. */
export function slotsText({ slots }: Pick<LimitWaitInWords, 'slots'>): string {
  if (slots === null) return ''
  return slots === 1 ? '1 slot' : `${slots} slots`
}

/** Returns ` (3 slots, used by ID, ID)` for a wait for a slot, and an empty text for others. */
export function holdersText(wait: WaitInWords<unknown>, idText: (id: string) => string): string {
  if (wait.kind !== 'limit') return ''
  const users = wait.heldBy.length === 0 ? '' : `used by ${wait.heldBy.map(idText).join(', ')}`
  const parts = [slotsText(wait), users].filter((part) => part !== '')
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}
