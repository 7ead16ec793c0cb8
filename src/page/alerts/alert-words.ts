/** Kinds of incidents and alerts in words, and the screens of their subjects. */

import type { ListedIncident } from '../api/answer-types.ts'
import type { ServerEvent } from '../live/event-reader.ts'
import { addressFor } from '../routing/location.ts'

type Kind = ListedIncident['kind']

const WORDS: Readonly<Record<Kind, string>> = {
  'execution-failed': 'Execution failed',
  'trigger-failing': 'Trigger failing',
  'trigger-late': 'Trigger late',
  'interpreter-quarantined': 'Interpreter quarantined',
  'database-refused': 'Database refused',
  'trigger-disabled': 'Trigger disabled',
  'trigger-silent': 'Trigger silent',
  'deadline-missed': 'Deadline missed',
  'engine-lost': 'Engine lost',
  'approval-requested': 'Approval requested',
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export function kindInWords(kind: Kind): string {
  return WORDS[kind]
}

/** Returns the screen of the subject of an incident. Null: the subject has no screen. */
export function addressOfSubject({ kind, subject }: Pick<ListedIncident, 'kind' | 'subject'>): string | null {
  if (subject === '') return '/system'
  switch (kind) {
    case 'execution-failed':
      return `/executions?status=Failed&workflow=${encodeURIComponent(subject)}`
    case 'deadline-missed':
      return `/executions?workflow=${encodeURIComponent(subject)}`
    case 'approval-requested':
      return '/approvals'
    case 'engine-lost':
    case 'interpreter-quarantined':
    case 'database-refused':
      return '/system'
    default:
      // A schedule that no trigger declares has only an id.
      return addressFor(UUID.test(subject) ? 'schedules' : 'triggers', subject)
  }
}

export function concernsAlerts({ name }: ServerEvent): boolean {
  return /^(executionFinished|triggerFailed|warning|waitOpened|waitEnded)$/.test(name)
}
