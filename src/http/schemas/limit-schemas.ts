/** Limits of tasks and workflows by key. */

import * as v from 'valibot'
import { RATE_FORM } from '../../model/limits/limit-rate.ts'
import { wholeNumberAtLeast } from '../../options/schemas.ts'
import { COUNT, INSTANT_OR_NULL, listSchema, NOTE_FIELD, NUMBER_OR_NULL, PAGE, TEXT_OR_NULL } from './shared-schemas.ts'

const SCALAR = 'a string, a number, true or false'

/** Value of `per`. */
export const LIMIT_VALUE = v.nullable(v.union([v.string(), v.number(), v.boolean()], SCALAR))

const VALUES = {
  maxActive: v.pipe(NUMBER_OR_NULL, v.description('maximum at the same time, for each value of `per`; null for none')),
  rate: v.pipe(TEXT_OR_NULL, v.description('attempts that may begin within a time, such as `100/1m`; null for none')),
}
const PER = { per: v.pipe(TEXT_OR_NULL, v.description('member of the input; each of its values has slots of its own')) }

const CLOSING = {
  isClosed: v.boolean(),
  closedUntil: v.pipe(
    INSTANT_OR_NULL,
    v.description('time at which the slots open; null if they are open, or closed until a person opens them'),
  ),
}

export const LIMIT = v.strictObject({
  name: v.pipe(v.string(), v.examples(['crm'])),
  workflow: v.pipe(TEXT_OR_NULL, v.description('workflow whose executions it limits; null for a limit of tasks')),
  ...VALUES,
  ...PER,
  declared: v.pipe(
    v.nullable(v.strictObject({ ...VALUES, ...PER })),
    v.description('values of the newest code; null if no served script declares the limit'),
  ),
  overrides: v.pipe(v.partial(v.strictObject(VALUES)), v.description('values that a person has set')),
  differs: v.pipe(v.boolean(), v.description('whether engines have code with different values')),
  used: v.pipe(COUNT, v.description('slots in use, over all values')),
  waiting: v.pipe(COUNT, v.description('tasks or executions that wait for a slot, over all values')),
  ...CLOSING,
})

export const LIMIT_LIST = listSchema(LIMIT)

export const LIMIT_VALUE_LIST = listSchema(
  v.strictObject({
    value: LIMIT_VALUE,
    valueText: v.pipe(
      v.string(),
      v.examples(['"acme"']),
      v.description('JSON text of the value, with its exact number'),
    ),
    used: COUNT,
    waiting: COUNT,
    begun: v.pipe(v.nullable(COUNT), v.description('attempts that began within the time of the rate; null without')),
    heldBy: v.pipe(v.array(v.string()), v.description('ids of executions that use slots, at most ten')),
    ...CLOSING,
  }),
)

export const LIMIT_PAGE = v.strictObject(PAGE)

export const LIMIT_SETTING = v.strictObject({
  ...NOTE_FIELD,
  maxActive: v.optional(v.nullable(wholeNumberAtLeast(1))),
  rate: v.optional(v.nullable(v.pipe(v.string(RATE_FORM), v.description('such as `100/1m`; null for no rate')))),
  reset: v.optional(v.pipe(v.boolean(), v.description('remove all overrides'))),
})

const ONE_VALUE = {
  value: v.optional(v.pipe(LIMIT_VALUE, v.description('value of `per`; default: the slots of all values'))),
}

export const LIMIT_CLOSING = v.strictObject({
  ...NOTE_FIELD,
  ...ONE_VALUE,
  forMs: v.optional(
    v.pipe(
      wholeNumberAtLeast(1),
      v.description('time after which the slots open, in milliseconds; default: when a person opens them'),
    ),
  ),
})

export const LIMIT_OPENING = v.strictObject({ ...NOTE_FIELD, ...ONE_VALUE })
