/** The version of a workflow: 16 hex digits, the same that the Python side gives to an equal definition. Pure. */

import { createHash } from 'node:crypto'

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
  readonly tasks: readonly { readonly id: string; readonly dependencies: readonly string[] }[]
}

/** The fingerprint of what makes two definitions the same: names, words and edges, not the functions. */
export function versionOf(workflow: Versioned): string {
  const tags = Object.entries(workflow.tags).sort(([a], [b]) => byCodePoints(a, b))
  const tasks = workflow.tasks
    .map(({ id, dependencies }) => [id, dependencies] as const)
    .sort(([a], [b]) => byCodePoints(a, b))
  const namespace = [workflow.tenant, workflow.package, workflow.key]
  const text = asciiJson([workflow.title, namespace, workflow.description, tags, tasks])
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/** As `json.dumps` of Python writes it: ASCII only. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Python's order of texts: by code points, so that what takes two units comes last. */
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
