/** Workflows, triggers and limits that a module exports, and its default function, which registers more. */

import { isTrigger, isWorkflow } from '../../authoring/definition.ts'
import { isLimit } from '../../authoring/limit-function.ts'

type DefaultFunction = (runner: unknown) => unknown

export interface ExportedValues {
  /** Each value once, even if it has several exported names. */
  readonly values: readonly unknown[]
  /** Null if the default export is not a function. */
  readonly defaultFunction: DefaultFunction | null
}

export function exportedValues(exports: Readonly<Record<string, unknown>>): ExportedValues {
  const values = new Set<unknown>()
  let defaultFunction: DefaultFunction | null = null
  for (const [name, value] of Object.entries(exports)) {
    for (const each of Array.isArray(value) ? value : [value]) if (isDeclared(each)) values.add(each)
    if (name === 'default' && typeof value === 'function') defaultFunction = value as DefaultFunction
  }
  return { values: [...values], defaultFunction }
}

function isDeclared(value: unknown): boolean {
  return isWorkflow(value) || isTrigger(value) || isLimit(value)
}
