/** The screens of reactors, graphs and sources. */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ComputationGraph } from '../../src/page/api/answer-types.ts'
import { drawnGraph, sourceIn } from '../../src/page/reactors/drawn-graph.ts'
import { describePage, type Served, Site, UNTIL } from '../support/browser.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { PageApi } from '../support/page-api.ts'
import { expectSound } from '../support/page-audit.ts'
import { picture, VIEWS } from '../support/page-pictures.ts'

const OVEN = fileURLToPath(new URL('scripts/oven.py', import.meta.url))
const LIMIT = { timeout: LIMIT_MS }
const BARE = fileURLToPath(new URL('scripts/bare.py', import.meta.url))

describePage('the screens of reactors', () => {
  const site = new Site()
  let served: Served
  let api: PageApi
  beforeAll(async () => {
    served = await site.serve([site.terminal.write('oven.py', readFileSync(OVEN, 'utf8'))])
    api = new PageApi(served.url)
    await api.post('/subscriptions', { reactor: 'heat', workflow: 'ring', when: 'payload.probe.c > 80.0' })
    await api.post('/subscriptions', { reactor: 'heat', workflow: 'enriched', when: 'payload.probe.k > 80.0' })
    for (const event of [{ c: 20.5 }, 'broken', { c: 400 }, { c: 91.5 }]) await push('probe', event)
    await vi.waitFor(async () => expect((await api.get('/graphs/alarm')).lastRun?.firingSequence).toBe(3), LIMIT)
    await vi.waitFor(async () => expect((await api.get('/executions?status=Completed')).items.length).toBe(2), LIMIT)
  })
  afterAll(() => site[Symbol.asyncDispose]())

  const push = (source: string, event: unknown) => api.post(`/sources/${source}/events`, event as object)
  const visit = async (path: string, options = {}) => {
    const one = await site.visit(`${served.url}${path}`, options)
    await one.isLive()
    return one
  }

  it('list the reactors with the sources that they wait for, and search the list', async () => {
    const { page } = await visit('/reactors')
    const row = page.locator('tr[data-row="oven"]')

    expect(await row.textContent()).toContain('waiting for door for')
    expect(await page.locator('tr[data-row="probe"]').textContent()).toMatch(/probe.*passthrough/)
    expect(await page.locator('tr[data-row="probe"] .bad-ink').textContent()).toBe('1')
    await page.getByRole('link', { name: 'enrich' }).waitFor()

    await page.keyboard.press('f')
    await page.keyboard.type('heat')
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1)
    await page.getByLabel('Filter reactors').fill('no such thing')
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    await page.locator('tr[data-row="oven"]').waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'heat' }).waitFor()
  })

  it('show the graph with the last value of each edge, and the result of each node', async () => {
    const { page } = await visit('/reactors/heat')
    await expect.poll(() => page.locator('.node').count()).toBe(6)

    const labels = await page.locator('.edge-label').allTextContents()
    expect(labels).toEqual(expect.arrayContaining(['{"c":91.5}', 'hot: {"c":91.5}', 'ok']))
    expect(await page.locator('.node.is-quiet').textContent()).toBe('note')
    expect(await page.locator('.node.is-source').allTextContents()).toEqual([
      expect.stringMatching(/^probe.* ago|now$/),
      'clicksnever',
    ])
    await page.locator('.node', { hasText: 'send' }).click()
    expect(await page.locator('.values tr.chosen').textContent()).toBe('send{"sent":91.5}')
    await page.locator('.error summary').click()
    await page.getByText('RuntimeError: the oven melts').first().waitFor()
    await page.locator('.node.is-source', { hasText: 'probe' }).click()
    await page.getByRole('heading', { level: 1, name: 'probe' }).waitFor()
  })

  it('show a new event without a reload', async () => {
    const { page } = await visit('/reactors/heat')
    await page.locator('.firings tbody tr').first().waitFor()
    const before = Number(await page.locator('.firings tbody th').first().textContent())

    await push('probe', { c: 30.25 })

    await page.locator('.firings tbody th', { hasText: String(before + 1) }).waitFor()
    const labels = page.locator('.edge-label', { hasText: /^\{"c":30\.25\}$/ })
    await expect.poll(() => labels.count(), UNTIL).toBe(1)
  })

  it('link an execution to its firing, the firing to its events, and the events back', async () => {
    const { items } = await api.get('/executions?limit=1')
    const { page } = await visit(`/executions/${items[0].id}`)
    const chain = page.locator('.chain')
    await chain.getByRole('link', { name: 'probe 4' }).waitFor()
    expect(await chain.textContent()).toMatch(/probe 4.*reactor heat.*firing 3/)

    await chain.getByRole('link', { name: '3', exact: true }).click()
    await page.getByRole('heading', { name: 'Firing 3' }).waitFor()
    await page.locator('tr.chosen').getByRole('link', { name: 'probe 4' }).click()
    await page.getByRole('heading', { name: 'Event 4' }).waitFor()
    expect(await page.locator('tr.chosen code').textContent()).toBe('{"c":91.5}')
    await page.getByRole('link', { name: 'firing 3 of heat' }).click()
    await page.getByLabel('Selected firing').getByRole('link', { name: /^ring/ }).click()
    await page.locator('.chain').waitFor()
    expect(page.url()).toContain(items[0].id)
  })

  it('fire a reactor by hand with unchanged numbers, and pause and resume a subscription', async () => {
    const { page } = await visit('/reactors/oven')
    await page.locator('.title-row').waitFor()

    await page.keyboard.press('f')
    await page.getByLabel('Values').fill('{"door": 1.0}')
    await page.getByLabel('Note').fill('a try')
    await page.getByRole('button', { name: 'Fire', exact: true }).click()
    await page.locator('.firings', { hasText: 'manually: http: a try' }).waitFor()
    expect(await page.locator('.firings code').first().textContent()).toContain('"door":1.0')

    await page.goto(`${served.url}/reactors/heat`)
    await page.getByRole('button', { name: 'Pause ring' }).click()
    await page.locator('.state', { hasText: 'paused' }).waitFor()
    await page.getByRole('button', { name: 'Resume ring' }).click()
    await page.locator('.state', { hasText: 'active' }).waitFor()
  })

  it('show the reason for a degraded subscription, which the system screen also lists', async () => {
    const { page } = await visit('/reactors/heat')

    const row = page.locator('tr', { hasText: 'enriched' })
    await row.locator('.state', { hasText: 'degraded' }).waitFor()
    expect(await row.textContent()).toMatch(/5 errors in a row, .*: No such key: k/)
    await page.goto(`${served.url}/system`)
    // The engine is "serving" because of its sources, although it polls and runs nothing now.
    const instance = page.locator('tr', { hasText: 'process' })
    expect(await instance.locator('.state').textContent()).toBe('serving')
    expect(await instance.locator('td').nth(2).textContent()).toBe('3')
    await page.getByRole('link', { name: 'enriched to heat' }).click()
    await page.getByRole('heading', { level: 1, name: 'heat' }).waitFor()
  })

  it('report an unknown reactor, source or graph with the nearest name', async () => {
    const { page } = await site.visit(`${served.url}/reactors/ovn`)
    await page.getByText('Reactor "ovn" not found in this database. Did you mean "oven"?').waitFor()
    await page.goto(`${served.url}/sources/prob`)
    await page.getByText('Did you mean "probe"?').waitFor()
    await page.goto(`${served.url}/graphs/alrm`)
    await expect.poll(() => page.getByText('Did you mean "alarm"?').count(), UNTIL).toBe(1)
  })

  it.each(VIEWS)('have no accessibility findings, and fit into the window: %s', async (name, options) => {
    const one = await visit('/reactors/heat', options)
    await one.page.locator('.node').first().waitFor()
    await expectSound(one)
    await picture(one, `reactor-${name}`)

    for (const [screen, path, seen] of [
      ['reactors', '/reactors', 'tbody tr'],
      ['source', '/sources/probe?event=4', '.events tr'],
      ['graph', '/graphs/enrich', '.node'],
    ] as const) {
      await one.page.goto(`${served.url}${path}`)
      await one.page.locator(seen).first().waitFor()
      await expectSound(one)
      await picture(one, `${screen}-${name}`)
    }
  })
})

describePage('a database without reactors', () => {
  const site = new Site()
  afterAll(() => site[Symbol.asyncDispose]())

  it('has a screen that reports that no reactors exist', async () => {
    const { url } = await site.serve([site.terminal.write('bare.py', readFileSync(BARE, 'utf8'))])
    const one = await site.visit(`${url}/reactors`, { colorScheme: 'light' })

    await one.page.getByText('No reactors yet').waitFor()
    await expectSound(one)
    await picture(one, 'reactors-empty-light')
  })
})

describe('the drawing of a graph', () => {
  const node = (id: string, parts: Partial<ComputationGraph['nodes'][number]> = {}) => {
    return { id, inputs: [], next: null, routes: null, ...parts }
  }
  const graph = (nodesText: string | null): ComputationGraph => ({
    name: 'alarm',
    reactor: 'heat',
    nodes: [
      node('judge', {
        inputs: ['probe', 'judge'],
        routes: [
          { variant: 'hot', node: 'warn' },
          { variant: 'hotter', node: 'warn' },
          { variant: 'ok', node: 'note' },
        ],
      }),
      node('warn', { next: 'note' }),
      node('note'),
    ],
    description: '',
    script: 'oven.py',
    place: null,
    doneSequence: 1,
    runs: 1,
    failures: 0,
    lastRun:
      nodesText === null
        ? null
        : { at: '2026-01-31T08:00:00.000Z', firingSequence: 1, resultText: null, resultLength: null, nodesText },
    lastError: null,
    lastErrorAt: null,
    undeclaredAt: null,
    createdAt: '2026-01-31T08:00:00.000Z',
  })
  const input = { source: 'probe', valueText: '1.0', valueLength: 3, valueAt: null, sequence: 1, isDirty: false }

  it('separates a source from a node with the same name, and joins variants to the same node in one edge', () => {
    const drawn = drawnGraph(graph('{"judge":["hot",[1]],"warn":{"a":2}}'), [input])
    const [probe = '', judge = ''] = drawn.shape.nodes

    expect(drawn.shape.nodes.map((each) => sourceIn(each) ?? each)).toEqual(['probe', 'judge', 'judge', 'warn', 'note'])
    expect([sourceIn(judge), sourceIn('judge')]).toEqual(['judge', null])
    expect(drawn.shape.edges).toHaveLength(5)
    expect(drawn.edgeLabelOf(probe, 'judge')).toBe('1.0')
    expect(drawn.edgeLabelOf(judge, 'judge')).toBe('')
    expect(drawn.edgeLabelOf('judge', 'warn')).toBe('hot: [1] or hotter')
    expect(drawn.edgeLabelOf('judge', 'note')).toBe('ok')
    expect(drawn.edgeLabelOf('warn', 'note')).toBe('{"a":2}')
    expect(['judge', 'note', probe].map((each) => drawn.stateOf(each))).toEqual(['Completed', 'Skipped', null])
  })

  it('has no node states before the first run', () => {
    const drawn = drawnGraph(graph(null), [])

    expect(drawn.stateOf('judge')).toBeNull()
    expect(drawn.edgeLabelOf('judge', 'note')).toBe('ok')
  })
})
