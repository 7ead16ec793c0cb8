/** Converts the parameters of a workflow instance for the context of each run. */

import type { ContextText } from '../../model/context.ts'
import type { ContextCodec } from '../ports.ts'
import { SECRET_NAMES_KEY } from '../starts/secret-names.ts'

/** Keys that the engine writes. Parameters with these names are omitted. */
const RESERVED_KEYS = new Set([
  'scheduled_time',
  'schedule_id',
  'schedule_timezone',
  'schedule_expression',
  'trigger_name',
  'triggered_at',
  'reactor_name',
  'reactor_firing_id',
  'reactor_fired_at',
  'is_backfill',
  'is_recovery',
  'recovery_attempt',
  'original_execution_id',
  SECRET_NAMES_KEY,
])

/** Omits reserved keys. A value `{"$secret": "name"}` becomes an alias for that secret. Values keep their text. */
export function instanceParams(paramsText: ContextText, codec: ContextCodec): ContextText {
  const members: string[] = []
  const secrets: [string, string][] = []
  // Parsed only for keys and shapes. The text of a value is picked, so that its digits stay.
  for (const [key, value] of Object.entries(JSON.parse(paramsText) as Record<string, unknown>)) {
    if (RESERVED_KEYS.has(key)) continue
    const secret = secretOf(value)
    if (secret === null) members.push(`${JSON.stringify(key)}:${codec.pick(paramsText, key)}`)
    else secrets.push([key, secret])
  }
  if (secrets.length > 0)
    members.push(`${JSON.stringify(SECRET_NAMES_KEY)}:${JSON.stringify(Object.fromEntries(secrets))}`)
  return `{${members.join(',')}}`
}

function secretOf(value: unknown): string | null {
  if (value === null || typeof value !== 'object' || Object.keys(value).length !== 1) return null
  const name: unknown = (value as Record<string, unknown>).$secret
  return typeof name === 'string' ? name : null
}
