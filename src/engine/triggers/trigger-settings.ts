/** Checks of the settings that users override in triggers. */

import * as v from 'valibot'
import { UsageError } from '../../errors.ts'
import { CATCHUPS, type Catchup, type TriggerOverrides, type TriggerSettings } from '../../model/policy.ts'
import { type OptionSchema, parseOptions } from '../../options/checked.ts'
import { optionsSchema, wholeNumberAtLeast } from '../../options/schemas.ts'

const SETTINGS = optionsSchema({
  pollIntervalMs: wholeNumberAtLeast(0),
  timeoutMs: v.nullable(wholeNumberAtLeast(1)),
  jitterMs: v.nullable(wholeNumberAtLeast(0)),
  maxActive: v.nullable(wholeNumberAtLeast(1)),
  pauseAfter: v.nullable(wholeNumberAtLeast(1)),
  onChange: v.boolean(),
  expectFireMs: v.nullable(wholeNumberAtLeast(1)),
  keyTtlMs: v.nullable(v.union([wholeNumberAtLeast(1), v.literal('never')])),
} satisfies Record<keyof TriggerSettings, OptionSchema>)

/** Accepts undefined, which JavaScript callers write for "not given". */
export function checkedSettings(settings: TriggerOverrides): TriggerOverrides {
  if (settings === undefined) {
    throw new UsageError('INVALID_ARGUMENT', '"settings" must be an object, or null to reset all settings.', {
      path: 'settings',
    })
  }
  parseOptions(SETTINGS, settings, 'settings')
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))
}

export function checkedCatchup(catchup: Catchup | null): Catchup | null {
  return parseOptions(v.nullable(v.picklist(CATCHUPS)), catchup ?? null, 'catchup')
}
