/**
 * What the HTTP interface answers at each address, as the types of the very schemas that it is checked against there. Only types
 * are imported: nothing of the schemas is in the page.
 */

import type * as v from 'valibot'
import type { SCHEDULE, SCHEDULE_LIST } from '../../http/schemas/schedules.ts'
import type { INSTANCE_LIST, STATUS_OF_ALL } from '../../http/schemas/system.ts'
import type * as triggers from '../../http/schemas/triggers.ts'

/** Addresses below `/api/v1` that are read, and what they answer. */
export interface Reads {
  '/triggers': v.InferOutput<typeof triggers.TRIGGER_LIST>
  '/triggers/{name}': v.InferOutput<typeof triggers.TRIGGER>
  '/triggers/{name}/ticks': v.InferOutput<typeof triggers.TICK_LIST>
  '/schedules': v.InferOutput<typeof SCHEDULE_LIST>
  '/instances': v.InferOutput<typeof INSTANCE_LIST>
  '/status': v.InferOutput<typeof STATUS_OF_ALL>
}

/** Addresses that change something: what they take, and what they answer. */
export interface Writes {
  '/triggers/{name}/enable': Write<typeof triggers.SWITCH, typeof triggers.SWITCHED>
  '/triggers/{name}/disable': Write<typeof triggers.SWITCH, typeof triggers.SWITCHED>
  '/triggers/{name}/poll': Write<typeof triggers.SWITCH, typeof triggers.POLLED>
}

interface Write<Body extends v.GenericSchema, Answer extends v.GenericSchema> {
  readonly body: v.InferInput<Body>
  readonly answer: v.InferOutput<Answer>
}

export type Trigger = v.InferOutput<typeof triggers.TRIGGER>
export type Tick = Reads['/triggers/{name}/ticks']['items'][number]
export type Outcome = Tick['outcome']
export type Schedule = v.InferOutput<typeof SCHEDULE>
export type Instance = Reads['/instances']['items'][number]
