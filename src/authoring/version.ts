/** The version of a workflow: 16 hex digits, the same that the Python side gives to an equal definition. Pure. */

import { createHash } from 'node:crypto'

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

/** Python's order of texts. */
function byCodePoints(a: string, b: string): number {
  const others = Array.from(b)
  for (const [index, character] of Array.from(a).entries()) {
    const other = others[index]
    if (other === undefined) return 1
    if (character !== other) return (character.codePointAt(0) ?? 0) - (other.codePointAt(0) ?? 0)
  }
  return Array.from(a).length - others.length
}
