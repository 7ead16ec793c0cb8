/** Version of a workflow: 16 hex digits, equal to Python's for an equal definition. Pure. */

import { createHash } from 'node:crypto'
import type { WorkflowLimit } from '../model/workflow.ts'

const FIRST_SURROGATE = 0xd800
const LAST_SURROGATE = 0xdfff
const BEYOND_UNITS = 0x1_0000

export interface Versioned {
  readonly title: string
  readonly tenant: string
  readonly package: string
  readonly key: string
  readonly description: string
  readonly tags: Readonly<Record<string, string>>
  readonly tasks: readonly {
    readonly id: string
    readonly dependencies: readonly string[]
    readonly limits: readonly { readonly name: string }[]
  }[]
  readonly limit: WorkflowLimit | null
}

/** Returns the digest of names, texts, edges and limits. Functions are not included. */
export function workflowVersion(workflow: Versioned): string {
  const tags = Object.entries(workflow.tags).sort(([a], [b]) => byCodePoints(a, b))
  const tasks = workflow.tasks
    .map(({ id, dependencies }) => [id, dependencies] as const)
    .sort(([a], [b]) => byCodePoints(a, b))
  const namespace = [workflow.tenant, workflow.package, workflow.key]
  const parts = [workflow.title, namespace, workflow.description, tags, tasks]
  const text = asciiJson([...parts, ...limitParts(workflow)])
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/** Without limits, the version has no such part, so that it is the version of older code. */
function limitParts({ limit, tasks }: Versioned): readonly unknown[] {
  const limited = tasks
    .filter(({ limits }) => limits.length > 0)
    .map(({ id, limits }) => [id, limits.map(({ name }) => name)] as const)
    .sort(([a], [b]) => byCodePoints(a, b))
  if (limit === null && limited.length === 0) return []
  return [limit === null ? null : [limit.maxActive, limit.per, limit.overflow], limited]
}

/** Returns the JSON that Python's `json.dumps` writes: ASCII only. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Compares by code points, like Python, so that surrogate pairs come last. */
function byCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const difference = rank(a.charCodeAt(index)) - rank(b.charCodeAt(index))
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function rank(unit: number): number {
  return unit >= FIRST_SURROGATE && unit <= LAST_SURROGATE ? unit + BEYOND_UNITS : unit
}
