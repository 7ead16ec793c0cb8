/** Graph of a workflow as text and as a Mermaid flowchart. */

import { describe, expect, it } from 'vitest'
import { graphLines, mermaidLines } from '../../src/cli/workflow/workflow-diagram.ts'
import { workflow } from '../support/declared.ts'

const etl = workflow('etl', {
  read: {},
  price: { after: ['read'] },
  'say "hi"': { after: ['read'], rule: { type: 'ContextValue', key: 'n', operator: 'Equals', valueText: '1.0' } },
  write: {
    after: ['price', 'say "hi"'],
    rule: {
      type: 'Any',
      conditions: [
        { type: 'TaskSuccess', taskName: 'price' },
        { type: 'ContextValue', key: 'force', operator: 'Exists', valueText: 'null' },
      ],
    },
  },
})

describe('the graph of a workflow', () => {
  it('has one line per task, indented by its longest path, with dependencies and trigger rule', () => {
    expect(graphLines(etl)).toEqual([
      'read',
      '  price  after read',
      `  say "hi"  after read  if value('n', '==', 1.0)`,
      `    write  after price, say "hi"  if any of (succeeded('price'), value('force', 'exists'))`,
    ])
  })

  it('is printed as a Mermaid flowchart with escaped labels', () => {
    expect(mermaidLines(etl)).toEqual([
      'flowchart TD',
      '  t0["read"]',
      '  t1["price"]',
      '  t0 --> t1',
      `  t2["say #34;hi#34;<br/>if value('n', '==', 1.0)"]`,
      '  t0 --> t2',
      `  t3["write<br/>if any of (succeeded('price'), value('force', 'exists'))"]`,
      '  t1 --> t3',
      '  t2 --> t3',
    ])
  })

  it('shows the nodes that wait with their waits, and as hexagons in a flowchart', () => {
    const limit = { timeoutMs: 259_200_000, onTimeout: 'skip' } as const
    const refund = workflow('refund', {
      prepare: {},
      decided: { after: ['prepare'], wait: { kind: 'signal', signal: 'refund', key: '{order_id}', ...limit } },
      ok: { after: ['decided'], wait: { kind: 'approval', title: 'Sure?', form: null, ...limit, timeoutMs: null } },
      night: { wait: { kind: 'delay', end: { kind: 'until', time: { time: '03:30', timezone: 'UTC' } } } },
    })

    expect(graphLines(refund)).toEqual([
      'prepare',
      '  decided  after prepare  waits for signal refund/{order_id}, is skipped after 72h',
      '    ok  after decided  waits for approval',
      'night  waits for 03:30 UTC',
    ])
    expect(mermaidLines(refund)).toEqual([
      'flowchart TD',
      '  t0["prepare"]',
      '  t1{{"decided<br/>waits for signal refund/{order_id}, is skipped after 72h"}}',
      '  t0 --> t1',
      '  t2{{"ok<br/>waits for approval"}}',
      '  t1 --> t2',
      '  t3{{"night<br/>waits for 03:30 UTC"}}',
    ])
  })
})
