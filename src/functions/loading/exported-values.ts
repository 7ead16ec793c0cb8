/** What a module exports of workflows and triggers, and what its default function registers. */

import { isTrigger, isWorkflow } from '../../authoring/definition.ts'

/** What a script's default function is called with. */
export type DefaultFunction = (runner: unknown) => unknown

export interface ExportedValues {
  /** Each once, under however many names it is exported. */
  readonly values: readonly unknown[]
  /** Null where the default export is no function. */
  readonly defaultFunction: DefaultFunction | null
}

export function exportedValues(exports: Readonly<Record<string, unknown>>): ExportedValues {
  const values = new Set<unknown>()
  let defaultFunction: DefaultFunction | null = null
  for (const [name, value] of Object.entries(exports)) {
    for (const each of Array.isArray(value) ? value : [value]) if (isWorkflow(each) || isTrigger(each)) values.add(each)
    if (name === 'default' && typeof value === 'function') defaultFunction = value as DefaultFunction
  }
  return { values: [...values], defaultFunction }
}
