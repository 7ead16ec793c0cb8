/** Fields of the payload that a predicate names: `payload.probe` and `payload["probe"]`. */

import { isNode, type Node } from './expression-nodes.ts'

/** Returns each field once. `part`: a part of the parsed expression. */
export function payloadFields(part: unknown): readonly string[] {
  return [...new Set(fieldsIn(part))]
}

function fieldsIn(part: unknown): readonly string[] {
  if (Array.isArray(part)) return part.flatMap(fieldsIn)
  if (!isNode(part)) return []
  const field = ownField(part)
  return [...(field === null ? [] : [field]), ...fieldsIn(part.args)]
}

function ownField({ op, args }: Node): string | null {
  if (op !== '.' && op !== '[]') return null
  const [owner, name] = args as readonly unknown[]
  if (!isNode(owner) || owner.op !== 'id' || owner.args !== 'payload') return null
  if (typeof name === 'string') return name
  return isNode(name) && name.op === 'value' && typeof name.args === 'string' ? name.args : null
}
