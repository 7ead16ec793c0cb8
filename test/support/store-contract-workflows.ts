/** The store contract's cases about the definitions that the code had last. Run through `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { WorkflowDefinition } from '../../src/model/workflow.ts'
import { START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

function definition(given: Partial<WorkflowDefinition> = {}): WorkflowDefinition {
  const key = given.key ?? 'ingest'
  return {
    key,
    title: key,
    description: 'Reads "all" files – žluťoučký',
    tags: { team: 'data' },
    tenant: 'public',
    package: 'embedded',
    version: '0123456789abcdef',
    tasks: [
      {
        id: 'read',
        fullName: `public::embedded::${key}::read`,
        dependencies: [],
        retry: {
          maxAttempts: 3,
          backoff: { kind: 'exponential', base: 2, multiplier: 1.5 },
          initialDelayMs: 100,
          maxDelayMs: 1_000,
          jitter: true,
          condition: { kind: 'pattern', patterns: ['timeout'] },
        },
        timeoutMs: 90_000,
        rule: { type: 'ContextValue', key: 'n', operator: 'Equals', valueText: '1.0' },
        place: null,
      },
    ],
    script: 'workflows.py',
    place: { file: 'workflows.py', line: 7 },
    ...given,
  }
}

export function describeWorkflowContract(context: ContractContext): void {
  describe('workflow definitions', () => {
    test('the definitions that the code had are listed by key, complete', async () => {
      const [report, ingest] = [definition({ key: 'report' }), definition()]

      await context.store.saveWorkflows([report, ingest], START)

      expect(await context.store.listWorkflows()).toEqual([ingest, report])
    })

    test('a new version replaces the old one, and what the code has no more stays listed', async () => {
      const gone = definition({ key: 'gone' })
      await context.store.saveWorkflows([gone, definition()], START)

      const changed = definition({ version: 'fedcba9876543210', tasks: [] })
      await context.store.saveWorkflows([changed], START + 1)

      expect(await context.store.listWorkflows()).toEqual([gone, changed])
    })

    test('lists only the definitions of the given workflows', async () => {
      const [a, b, c] = ['a', 'b', 'c'].map((key) => definition({ key }))
      if (a === undefined || b === undefined || c === undefined) throw new Error('no definitions')
      await context.store.saveWorkflows([a, b, c], START)

      expect(await context.store.listWorkflows(['c', 'nobody', 'a'])).toEqual([a, c])
      expect(await context.store.listWorkflows([])).toEqual([])
    })

    test('without any there are none', async () => {
      await context.store.saveWorkflows([], START)

      expect(await context.store.listWorkflows()).toEqual([])
    })
  })
}
