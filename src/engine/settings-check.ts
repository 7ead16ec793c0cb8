/**
 * Checks of settings that a caller hands in as an object: each value, and that there is no other key. Used for the
 * engine's config and for the options of the runner. A setting that is `undefined` counts as not given.
 */

import { UsageError } from '../errors.ts'
import { shownValue } from '../model/arguments.ts'
import { didYouMean } from '../registry/nearest.ts'

/** What a setting should be, in words and as a test. */
export interface SettingCheck {
  readonly expected: string
  fits(value: unknown): boolean
  /** Names what is wrong within a value that does not fit, with a hint; null or missing: the value as a whole. */
  wrongPart?(value: unknown): string | null
  /** Nothing of a value that is wrong is shown. */
  readonly isPrivate?: true
  /** The checks of the settings within it. */
  readonly within?: SettingChecks
}

export type SettingChecks = Readonly<Record<string, SettingCheck>>

export const FLAG: SettingCheck = { expected: 'true or false', fits: (value) => typeof value === 'boolean' }

export const TEXT: SettingCheck = { expected: 'a string', fits: (value) => typeof value === 'string' }

export const TEXTS: SettingCheck = {
  expected: 'a list of strings',
  fits: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
}

export const FUNCTION: SettingCheck = { expected: 'a function', fits: (value) => typeof value === 'function' }

export const NUMBER: SettingCheck = { expected: 'a finite number', fits: Number.isFinite }

/** A length of time. */
export const DURATION_MS: SettingCheck = {
  expected: `a number of milliseconds from 0 to ${Number.MAX_SAFE_INTEGER}`,
  fits: (value) => typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER,
}

export function wholeFrom(least: number): SettingCheck {
  return {
    expected: `a whole number, ${least} or more`,
    fits: (value) => Number.isSafeInteger(value) && Number(value) >= least,
  }
}

export function oneOf(...values: readonly string[]): SettingCheck {
  const expected = values.map((value) => `"${value}"`).join(' or ')
  return { expected, fits: (value) => typeof value === 'string' && values.includes(value) }
}

export function orNull(check: SettingCheck): SettingCheck {
  return { ...check, expected: `${check.expected}, or null`, fits: (value) => value === null || check.fits(value) }
}

export function objectOf(within: SettingChecks): SettingCheck {
  return {
    expected: 'an object',
    fits: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    within,
  }
}

/** Throws `INVALID_ARGUMENT` with the path of the setting, the value, and the nearest key where the key is unknown. */
export function checkSetting(value: unknown, check: SettingCheck, path: string): void {
  if (value === undefined) return
  if (!check.fits(value)) {
    const whole = `${check.isPrivate ? 'something else' : shownValue(value)} was given.`
    throw invalid(path, `"${path || 'options'}" must be ${check.expected}, but ${check.wrongPart?.(value) ?? whole}`)
  }
  if (check.within !== undefined && value !== null) checkWithin(value as object, check.within, path)
}

function checkWithin(settings: object, checks: SettingChecks, name: string): void {
  for (const [key, value] of Object.entries(settings)) {
    const path = name === '' ? key : `${name}.${key}`
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined
    if (check === undefined) {
      const nearest = didYouMean(key, Object.keys(checks))
      throw invalid(path, `Unknown setting "${path}" (value: ${shownValue(value)}).${nearest}`)
    }
    checkSetting(value, check, path)
  }
}

function invalid(path: string, message: string): UsageError {
  return new UsageError('INVALID_ARGUMENT', message, { path })
}
