/** Checks of requests of callers that change triggers: see `requests.ts`. */

import type { TriggerModel } from './model/triggers.ts'
import type { Report } from './model/violation.ts'
import type { Request } from './program.ts'
import type { Sent } from './requests.ts'

interface TriggerPorts {
  readonly triggers: TriggerModel
  readonly report: Report
  /** Requests so far. */
  readonly sent: readonly Sent[]
}

export function checkEnabled(sent: Sent, isEnabled: boolean, { triggers, report, sent: all }: TriggerPorts): void {
  if (sent.result !== true || !('trigger' in sent.request)) return
  const name = sent.request.trigger
  const trigger = triggers.byName.get(name)
  const isPaused = trigger?.note?.startsWith('disabled after') ?? false
  if (isChangedSince(sent, name, ['enable', 'disable'], all) || isPaused) return
  if (trigger === undefined || trigger.isEnabled === isEnabled) return
  const stored = trigger.isEnabled ? 'enabled' : 'disabled'
  report('answers-are-true', `request ${sent.request.n} (${sent.request.kind}) was answered, the store has ${stored}`)
}

export function checkSet(sent: Sent, trigger: string, { triggers, report, sent: all }: TriggerPorts): void {
  const { request, result } = sent
  if (result !== true || isChangedSince(sent, trigger, ['set', 'reset'], all)) return
  if (hasOverride(triggers, trigger, request.n)) return
  report('answers-are-true', `request ${request.n} (set) was answered, and the store does not have it`)
}

export function hasOverride(triggers: TriggerModel, trigger: string, n: number): boolean {
  return triggers.byName.get(trigger)?.overrides?.includes(`"pollIntervalMs":${1_000 + n}`) ?? false
}

/** Returns whether another request may have changed the trigger since the call. */
function isChangedSince(sent: Sent, trigger: string, kinds: readonly Request['kind'][], all: readonly Sent[]): boolean {
  return all.some((each) => {
    const { request, calledAt, answeredAt } = each
    if (each === sent || !('trigger' in request) || request.trigger !== trigger) return false
    return (
      kinds.includes(request.kind) && (calledAt >= sent.calledAt || answeredAt === null || answeredAt >= sent.calledAt)
    )
  })
}
