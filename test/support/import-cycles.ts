/** Finds files that import each other, for the tests of the structure of both languages. */

interface File {
  readonly path: string
  readonly imports: readonly { readonly target: string }[]
}

/** Returns the groups of files that import each other, even indirectly or as types, each as `a, b`. */
export function findCycles(files: readonly File[]): string[] {
  const targets = new Map(files.map(({ path, imports }) => [path, imports.map(({ target }) => target)]))
  const reached = new Map(files.map(({ path }) => [path, reachable(path, targets)]))
  const groups = files
    .filter(({ path }) => reached.get(path)?.has(path))
    .map(({ path }) => [...(reached.get(path) ?? [])].filter((other) => reached.get(other)?.has(path)).sort())
  return [...new Set(groups.map((group) => group.join(', ')))]
}

function reachable(from: string, targets: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const found = new Set<string>()
  const todo = [...(targets.get(from) ?? [])]
  for (const target of todo) {
    if (found.has(target)) continue
    found.add(target)
    todo.push(...(targets.get(target) ?? []))
  }
  return found
}
