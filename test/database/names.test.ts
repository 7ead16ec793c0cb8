import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { schemaNameProblem, userNameProblem } from '../../src/database/names.ts'

interface Case {
  readonly kind: 'schema' | 'user'
  readonly name: string
  readonly problem: string | null
}

const CASES: readonly Case[] = JSON.parse(
  readFileSync(new URL('../fixtures/database-names.json', import.meta.url), 'utf8'),
)

describe('names of schemas and users', () => {
  it.each(CASES)('the $kind name "$name" has the same problem as in Python: $problem', ({ kind, name, problem }) => {
    const found = kind === 'schema' ? schemaNameProblem(name) : userNameProblem(name)

    if (problem === null) expect(found).toBeNull()
    else expect(found).toContain(problem)
  })
})
