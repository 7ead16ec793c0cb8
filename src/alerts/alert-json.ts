/** An alert as its receivers get it: one JSON object, described in the manual. */

import { hostname } from 'node:os'
import type { Alert } from '../model/alert.ts'
import { formatInstant } from '../model/time/instant.ts'

export function alertJson({ id, kind, subject, message, at }: Alert): string {
  return JSON.stringify({ id, kind, subject, message, at: formatInstant(at), host: hostname() })
}
