/** An alert as a JSON object for its receivers, described in the manual. */

import { hostname } from 'node:os'
import type { Alert } from '../model/alert.ts'
import { formatInstant } from '../model/time/instant.ts'

/** `publicUrl`: address of the page for the reader of the alert, or null. */
export function alertJson({ at, since, ...alert }: Alert, publicUrl: string | null): string {
  const { id, kind, subject, message, ...facts } = alert
  return JSON.stringify({
    ...{ id, kind, subject, message, at: formatInstant(at), host: hostname() },
    ...facts,
    since: formatInstant(since),
    link: publicUrl === null ? null : linkTo(alert, publicUrl),
  })
}

type Linked = Pick<Alert, 'kind' | 'subject' | 'executionId' | 'trigger' | 'workflow'>

/** Returns the address of the screen of the approval or execution, or of the trigger, the workflow or the engines. */
function linkTo({ kind, subject, executionId, trigger, workflow }: Linked, url: string) {
  const base = url.replace(/\/+$/, '')
  if (kind === 'approval-requested' && subject !== null) return `${base}/approvals/${encodeURIComponent(subject)}`
  if (executionId !== null) return `${base}/executions/${encodeURIComponent(executionId)}`
  if (trigger !== null) return `${base}/triggers/${encodeURIComponent(trigger)}`
  return workflow === null ? `${base}/system` : `${base}/workflows/${encodeURIComponent(workflow)}`
}
