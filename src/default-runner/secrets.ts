/** What a task asks for with `ctx.secret`: the documented answers and refusals. Used by `runners.ts`. */

import * as v from 'valibot'
import { PythonRefusal, type ScriptCall } from '../host/script-call.ts'
import type { SecretFields, SecretProvider } from '../secrets/provider.ts'
import { askForSecret } from '../secrets/secret-source.ts'

const EXCEPTIONS = {
  notConfigured: 'RuntimeError',
  failed: 'RuntimeError',
  unknown: 'KeyError',
  notGranted: 'PermissionError',
} as const

const secretSchema = v.object({ name: v.string() })

/** Rejects with a `PythonRefusal`. The interpreter knows this answer by its method, and keeps it out of what is printed. */
export async function secretFor(
  provider: SecretProvider | null,
  { payload, task }: ScriptCall,
): Promise<{ readonly fields: SecretFields }> {
  const { name } = v.parse(secretSchema, payload)
  const answer = await askForSecret(provider, name, task)
  if (answer.kind === 'found') return { fields: answer.fields }
  throw new PythonRefusal(EXCEPTIONS[answer.kind], answer.message)
}
