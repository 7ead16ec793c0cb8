/** What a caller may set of a trigger, checked. */

import { checkSetting, FLAG, objectOf, oneOf, orNull, type SettingCheck, wholeFrom } from '../engine/settings-check.ts'
import { UsageError } from '../errors.ts'
import { CATCHUPS, type Catchup, type TriggerOverrides, type TriggerSettings } from '../model/policy.ts'

const SETTINGS_CHECK = objectOf({
  pollIntervalMs: wholeFrom(0),
  timeoutMs: orNull(wholeFrom(1)),
  jitterMs: orNull(wholeFrom(0)),
  maxActive: orNull(wholeFrom(1)),
  pauseAfter: orNull(wholeFrom(1)),
  onChange: FLAG,
} satisfies Record<keyof TriggerSettings, SettingCheck>)

/** JavaScript callers write undefined for "not given". */
export function checkedSettings(settings: TriggerOverrides): TriggerOverrides {
  if (settings === undefined) {
    throw new UsageError('INVALID_ARGUMENT', '"settings" must be an object, or null to reset all settings.', {
      path: 'settings',
    })
  }
  checkSetting(settings, SETTINGS_CHECK, 'settings')
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))
}

export function checkedCatchup(catchup: Catchup | null): Catchup | null {
  const given = catchup ?? null
  checkSetting(given, orNull(oneOf(...CATCHUPS)), 'catchup')
  return given
}
