/** `approval`: a node that completes when a person approves. Called by `workflow-function.ts`. */

import * as v from 'valibot'
import { UsageError } from '../../errors.ts'
import type { JsonObject } from '../../model/context.ts'
import type { OnTimeout } from '../../model/workflow.ts'
import type { OptionSchema, Owner } from '../../options/checked.ts'
import { isTable } from '../../options/schemas.ts'
import { isSchema } from '../schema-options.ts'
import type { InputSchema } from '../types/option-types.ts'
import type { ApprovalOptions, NodeOptions } from '../types/wait-types.ts'
import { LIMIT_OPTIONS, nodeDeclaration, requiredOption, TEMPLATE, waitLimit } from './declared-node.ts'
import { schemaAsJson } from './schema-as-json.ts'

type Own = Exclude<keyof ApprovalOptions<string, unknown, InputSchema, OnTimeout>, keyof NodeOptions<string, unknown>>

const A_TITLE = 'a string that is not empty'
const OPTIONS = {
  title: v.pipe(
    TEMPLATE,
    v.check((title) => title.trim() !== '', A_TITLE),
  ),
  form: v.custom<InputSchema | JsonObject>(
    (form) => isSchema(form) || isTable(form),
    'a schema that implements Standard Schema, or a JSON Schema',
  ),
  ...LIMIT_OPTIONS,
} satisfies Record<Own, OptionSchema>

export const declaredApproval = nodeDeclaration('approval', OPTIONS, (owner, given) => ({
  kind: 'approval',
  title: requiredOption(owner, 'title', given.title),
  form: given.form === undefined ? null : formOf(owner, given.form),
  ...waitLimit(owner, given),
}))

/** Returns the schema of the values, which are an object. */
function formOf(owner: Owner, given: InputSchema | JsonObject): JsonObject {
  const form = schemaAsJson(owner, 'form', given)
  if (form.type === 'object') return form
  const message = `"form" of ${owner.what} must describe an object: the "type" of its JSON Schema must be "object".`
  throw new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path: 'form' })
}
