/** Parts of a parsed expression, as the CEL library makes them. */

export interface Node {
  readonly op: string
  readonly args: unknown
}

export function isNode(part: unknown): part is Node {
  return typeof part === 'object' && part !== null && 'op' in part && 'args' in part
}
