/** Events that are pushed while their script is removed: they wait in the store until the script is back. */

import { expect, it } from 'vitest'
import { graph, graphs, reactor, source } from '../../support/declared.ts'
import { settle } from '../../support/manual-clock.ts'
import { FIRST_PAGE, RunningEngine } from '../../support/running-engine.ts'

const DECLARED = graphs({
  sources: [source('probe')],
  reactors: [reactor('temps', ['probe'])],
  graphs: [graph('judge', 'temps')],
})

it('delivers events that were pushed while their script was removed, after the script is loaded again', async () => {
  await using running = await RunningEngine.start({ graphs: DECLARED })
  const { engine, registry } = running
  await engine.services.sources.pushText('probe', '1')
  await settle()

  const pushed = Promise.all(['2', '3'].map((text) => engine.services.sources.pushText('probe', text)))
  registry.removeScript('graphs.py')
  await settle()
  registry.declare({ triggers: [], workflows: [], graphs: DECLARED })
  await settle()

  expect(await pushed).toEqual([2, 3])
  const firings = await engine.services.reactors.firings('temps', FIRST_PAGE)
  expect(firings.map(({ payloadText }) => payloadText).reverse()).toEqual(['{"probe":1}', '{"probe":2}', '{"probe":3}'])
})
