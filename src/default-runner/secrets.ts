/** Answers and refusals of `ctx.secret`, as documented. Used by `runners.ts`. */

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

/** Rejects with a `PythonRefusal`. The interpreter recognizes the answer by its method, and redacts it in output. */
export async function secretFor(
  provider: SecretProvider | null,
  { payload, task }: ScriptCall,
): Promise<{ readonly fields: SecretFields }> {
  const { name } = v.parse(secretSchema, payload)
  const request = task === null ? null : { workflow: task.workflow, executionId: task.executionId, taskId: task.taskId }
  const answer = await askForSecret(provider, name, request)
  if (answer.kind === 'found') return { fields: answer.fields }
  throw new PythonRefusal(EXCEPTIONS[answer.kind], answer.message)
}
