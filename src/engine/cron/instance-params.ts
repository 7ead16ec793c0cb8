/** The parameters of a workflow instance as they go into each run's context. Pure. */

import type { ContextText } from '../../model/context.ts'
import type { ContextCodec } from '../ports.ts'

/** Where a run's context says which secret a local name stands for. */
const SECRET_REFS_KEY = '__cloacina_secret_refs__'

/** Keys that the engine writes: parameters of these names are left out. */
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
  'is_recovery',
  'recovery_attempt',
  'original_execution_id',
  SECRET_REFS_KEY,
])

/** Without reserved keys; a value `{"$secret": "name"}` becomes an alias for that secret. Values keep their text. */
export function instanceParams(paramsText: ContextText, codec: ContextCodec): ContextText {
  const members: string[] = []
  const secrets: [string, string][] = []
  // Parsed for the keys and the shape only: a value's text is picked, so that its digits stay.
  for (const [key, value] of Object.entries(JSON.parse(paramsText) as Record<string, unknown>)) {
    if (RESERVED_KEYS.has(key)) continue
    const secret = secretOf(value)
    if (secret === null) members.push(`${JSON.stringify(key)}:${codec.pick(paramsText, key)}`)
    else secrets.push([key, secret])
  }
  if (secrets.length > 0)
    members.push(`${JSON.stringify(SECRET_REFS_KEY)}:${JSON.stringify(Object.fromEntries(secrets))}`)
  return `{${members.join(',')}}`
}

function secretOf(value: unknown): string | null {
  if (value === null || typeof value !== 'object' || Object.keys(value).length !== 1) return null
  const name: unknown = (value as Record<string, unknown>).$secret
  return typeof name === 'string' ? name : null
}
