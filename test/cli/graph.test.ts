/** The graph of a workflow as text. */

import { describe, expect, it } from 'vitest'
import { graphLines, mermaidLines } from '../../src/cli/workflow/graph.ts'
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
  it('has a line a task, indented by the longest way to it, with what it waits for and its rule', () => {
    expect(graphLines(etl)).toEqual([
      'read',
      '  price  after read',
      '  say "hi"  after read  if n == 1.0',
      '    write  after price, say "hi"  if any of (price completed, force exists)',
    ])
  })

  it('is a flowchart for Mermaid, with what it would obey escaped', () => {
    expect(mermaidLines(etl)).toEqual([
      'flowchart TD',
      '  t0["read"]',
      '  t1["price"]',
      '  t0 --> t1',
      '  t2["say #34;hi#34;<br/>if n == 1.0"]',
      '  t0 --> t2',
      '  t3["write<br/>if any of (price completed, force exists)"]',
      '  t1 --> t3',
      '  t2 --> t3',
    ])
  })
})
