/** `waitForSignal`: a node that completes when a signal arrives. Called by `workflow-function.ts`. */

import * as v from 'valibot'
import { isKey } from '../../model/arguments.ts'
import type { OnTimeout } from '../../model/workflow.ts'
import type { OptionSchema } from '../../options/checked.ts'
import { STORABLE_TEXT } from '../../options/schemas.ts'
import { SCHEMA_OPTION } from '../schema-options.ts'
import type { InputSchema } from '../types/option-types.ts'
import type { NodeOptions, SignalWaitOptions } from '../types/wait-types.ts'
import { KEY_TEMPLATE, LIMIT_OPTIONS, nodeDeclaration, requiredOption, waitLimit } from './declared-node.ts'
import { schemaAsJson } from './schema-as-json.ts'

type Own = Exclude<keyof SignalWaitOptions<string, unknown, InputSchema, OnTimeout>, keyof NodeOptions<string, unknown>>

const OPTIONS = {
  signal: v.pipe(STORABLE_TEXT, v.check(isKey, 'a string of 1 to 512 bytes of UTF-8')),
  key: KEY_TEMPLATE,
  payload: SCHEMA_OPTION,
  ...LIMIT_OPTIONS,
} satisfies Record<Own, OptionSchema>

export const declaredSignalWait = nodeDeclaration('signal wait', OPTIONS, (owner, given) => ({
  kind: 'signal',
  signal: requiredOption(owner, 'signal', given.signal),
  key: given.key ?? '',
  ...(given.payload !== undefined && { payload: schemaAsJson(owner, 'payload', given.payload) }),
  ...waitLimit(owner, given),
}))
