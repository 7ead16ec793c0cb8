/** Text of the message about the end of an incident. */

import type { AlertFacts, AlertKind } from '../alert.ts'

export interface EndedIncident {
  readonly kind: AlertKind
  readonly subject: string
  readonly facts: Pick<AlertFacts, 'workflow' | 'trigger'>
  readonly count: number
  readonly openedAt: number
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** Returns a sentence such as `Workflow "etl" completed again after 3 failures in 2 h.` */
export function recoveredMessage({ kind, subject, facts, count, openedAt }: EndedIncident, at: number): string {
  const duration = approximateDuration(at - openedAt)
  const workflow = `Workflow "${facts.workflow ?? subject}"`
  const trigger = `Trigger "${facts.trigger ?? subject}"`
  switch (kind) {
    case 'execution-failed':
      return `${workflow} completed again after ${counted(count, 'failure')} in ${duration}.`
    case 'deadline-missed':
      return `${workflow} completed again after ${counted(count, 'missed deadline')} in ${duration}.`
    case 'trigger-failing':
      return `${trigger} works again after its polls failed for ${duration}.`
    case 'trigger-late':
      return `${trigger} is polled again after it was late for ${duration}.`
    case 'trigger-disabled':
      return `${trigger} works again after it was disabled for ${duration}.`
    case 'trigger-silent':
      return `${trigger} fired again, ${duration} after it was reported as silent.`
    case 'database-refused':
      return `The database works again after it refused for ${duration}.`
    default:
      return `The incident "${kind}" of "${subject}" ended after ${counted(count, 'report')} in ${duration}.`
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Returns the duration in its largest unit. 0 if a clock was set back. */
function approximateDuration(durationMs: number): string {
  const [name, sizeMs] = UNITS.find(([, sizeMs]) => durationMs >= sizeMs) ?? ['s', 1_000]
  return `${Math.max(0, Math.floor(durationMs / sizeMs))} ${name}`
}
