/** Sources, reactors and graphs that scripts declare. */

import { describe, expect, it } from 'vitest'
import { LiveRegistry } from '../../src/registry/live-registry.ts'
import { graph, graphs, reactor, source } from '../support/declared.ts'

function declared(parts: Parameters<typeof graphs>[0]) {
  return { triggers: [], workflows: [], graphs: graphs(parts) }
}

const at = (line: number) => ({ file: 'a.py', line })

describe('the registry', () => {
  it('knows what was declared by its name, and forgets it with its script', () => {
    const registry = new LiveRegistry()
    registry.declare(declared({ sources: [source('a')], reactors: [reactor('r', ['a'])], graphs: [graph('g', 'r')] }))
    const { graphs: known } = registry.current()
    expect([...known.sources.keys(), ...known.reactors.keys(), ...known.graphs.keys()]).toEqual(['a', 'r', 'g'])

    registry.replaceScript('graphs.py', declared({ sources: [source('b')] }))

    const { graphs: now } = registry.current()
    expect([...now.sources.keys(), ...now.reactors.keys(), ...now.graphs.keys()]).toEqual(['b'])
  })

  it('says that a source cannot be taken over, and uses the others', () => {
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

  it('says that two scripts declare the same name, of which the later counts', () => {
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

  it('does not take a source for one without a function while scripts are on their way', () => {
    const registry = new LiveRegistry()
    registry.awaitWorkflows(true)
    expect(registry.current().graphs.isComplete).toBe(false)

    registry.awaitWorkflows(false)

    expect(registry.current().graphs.isComplete).toBe(true)
  })
})
