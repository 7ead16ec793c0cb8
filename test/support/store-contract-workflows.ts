/** Store contract tests for the latest workflow definitions. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { WorkflowDefinition } from '../../src/model/workflow.ts'
import { START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

export function definition(given: Partial<WorkflowDefinition> = {}): WorkflowDefinition {
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
    test('lists complete definitions in the order of their keys', async () => {
      const [report, ingest] = [definition({ key: 'report' }), definition()]

      await context.store.saveWorkflows([report, ingest], START)

      expect(await context.store.listWorkflows()).toEqual([ingest, report])
    })

    test('replaces a definition with its new version, and keeps definitions missing in the new code', async () => {
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

    test('pages definitions by their keys', async () => {
      await context.store.saveWorkflows(
        ['d', 'b', 'Ž', 'a', 'c'].map((key) => definition({ key })),
        START,
      )
      const page = async (after: string, limit: number) =>
        (await context.store.pageWorkflows(after, limit)).map(({ key }) => key)

      expect(await page('', 2)).toEqual(['a', 'b'])
      expect(await page('b', 2)).toEqual(['c', 'd'])
      expect(await page('bb', 9)).toEqual(['c', 'd', 'Ž'])
      expect(await page('Ž', 9)).toEqual([])
    })

    test('lists nothing after saving no definitions', async () => {
      await context.store.saveWorkflows([], START)

      expect(await context.store.listWorkflows()).toEqual([])
    })
  })
}
