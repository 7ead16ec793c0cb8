/** Sources, reactors and graphs that scripts declare. */

import { describe, expect, it } from 'vitest'
import { LiveRegistry } from '../../src/registry/live-registry.ts'
import { graph, graphs, reactor, source } from '../support/declared.ts'

function declared(parts: Parameters<typeof graphs>[0]) {
  return { triggers: [], workflows: [], graphs: graphs(parts) }
}

const at = (line: number) => ({ file: 'a.py', line })

describe('the registry', () => {
  it('finds declarations by name, and forgets them when their script no longer contains them', () => {
    const registry = new LiveRegistry()
    registry.declare(declared({ sources: [source('a')], reactors: [reactor('r', ['a'])], graphs: [graph('g', 'r')] }))
    const { graphs: known } = registry.current()
    expect([...known.sources.keys(), ...known.reactors.keys(), ...known.graphs.keys()]).toEqual(['a', 'r', 'g'])

    registry.replaceScript('graphs.py', declared({ sources: [source('b')] }))

    const { graphs: now } = registry.current()
    expect([...now.sources.keys(), ...now.reactors.keys(), ...now.graphs.keys()]).toEqual(['b'])
  })

  it('reports an invalid source, and uses the other sources', () => {
    const registry = new LiveRegistry()
    const bad = {
      name: 'slow',
      message: 'Source "slow" cannot be taken over: Invalid interval',
      script: 'graphs.py',
      place: at(3),
    }

    const problems = registry.declare({
      triggers: [],
      workflows: [],
      graphs: { ...graphs({ sources: [source('a')] }), badSources: [bad] },
    })

    expect(problems).toEqual([
      {
        kind: 'badSource',
        source: 'slow',
        message: bad.message,
        script: 'graphs.py',
        place: at(3),
      },
    ])
    expect([...registry.current().graphs.sources.keys()]).toEqual(['a'])
  })

  it('reports a name that two scripts declare, and uses the later declaration', () => {
    const registry = new LiveRegistry()
    registry.declare(declared({ reactors: [{ ...reactor('r', ['a'], 'when_any', 'one.py'), place: at(1) }] }))

    const [problem] = registry.declare(
      declared({ reactors: [{ ...reactor('r', ['b'], 'when_any', 'two.py'), place: at(9) }] }),
    )

    expect(problem).toMatchObject({ kind: 'duplicateGraphName', what: 'reactor', name: 'r', otherScript: 'one.py' })
    expect(problem?.message).toContain(
      'Reactor "r" is declared by "one.py" and by "two.py"; the declaration in "two.py" is used.',
    )
    expect(registry.current().graphs.reactors.get('r')?.sources).toEqual(['b'])
  })

  it('is not complete while scripts are being loaded', () => {
    const registry = new LiveRegistry()
    registry.awaitWorkflows(true)
    expect(registry.current().graphs.isComplete).toBe(false)

    registry.awaitWorkflows(false)

    expect(registry.current().graphs.isComplete).toBe(true)
  })
})
