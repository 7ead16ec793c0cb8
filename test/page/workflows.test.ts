/** The screens of workflows: list, graph, statistics, and start. */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describePage, type Served, Site } from '../support/browser.ts'
import { PageApi } from '../support/page-api.ts'
import { expectSound } from '../support/page-audit.ts'
import { picture, VIEWS } from '../support/page-pictures.ts'

const SHOP = fileURLToPath(new URL('scripts/shop.py', import.meta.url))
const BARE = fileURLToPath(new URL('scripts/bare.py', import.meta.url))

describePage('the screens of workflows', () => {
  const site = new Site()
  let served: Served
  let api: PageApi
  beforeAll(async () => {
    served = await site.serve([site.terminal.write('shop.py', readFileSync(SHOP, 'utf8'))])
    api = new PageApi(served.url)
    await api.run('order')
  })
  afterAll(() => site[Symbol.asyncDispose]())

  const visit = async (path: string, options = {}) => {
    const one = await site.visit(`${served.url}${path}`, options)
    await one.isLive()
    return one
  }

  it('list, search and open workflows with keys', async () => {
    const { page } = await visit('/workflows')
    await page.locator('tbody tr').nth(3).waitFor()

    await page.keyboard.press('f')
    await page.keyboard.type('reserves what')
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1)
    await page.getByLabel('Filter workflows').blur()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')

    await page.getByRole('heading', { level: 1, name: 'order' }).waitFor()
  })

  it('show the graph, the failures of each task, and the versions of a workflow', async () => {
    const { page } = await visit('/workflows/order')
    await expect.poll(() => page.locator('.node').count()).toBe(4)
    const row = page.locator('.task-row', { hasText: 'reserve' }).first()

    await expect.poll(() => row.locator('.bad-ink').textContent()).toBe('3')
    expect(await page.locator('.tiles').textContent()).toContain('1 failed')
    expect(await page.locator('table', { hasText: 'newest' }).locator('.number').last().textContent()).toBe('1')
    await page.locator('.node', { hasText: 'ship' }).click()
    await page.locator('.task-row.chosen', { hasText: 'ship' }).waitFor()
    expect(page.url()).toContain('task=ship')
  })

  it('start a workflow with a context, and update the number of executions in another tab', async () => {
    const { page } = await visit('/workflows/wide')
    await page.getByText('No executions yet').waitFor()
    await page.goto(`${served.url}/workflows/fine`)
    const other = await visit('/workflows/fine')
    // One execution by the trigger of the workflow.
    await other.page.getByText('1 completed').waitFor()

    await page.keyboard.press('r')
    await page.getByLabel('Context').fill('{"customer": 1.0}')
    await page.getByRole('button', { name: 'Start' }).click()
    await page.locator('.chain .state', { hasText: 'Completed' }).waitFor()

    const id = page.url().split('/').at(-1)
    expect(await (await fetch(`${served.url}/api/v1/executions/${id}/input`)).text()).toBe('{"customer": 1.0}')
    await other.page.getByText('2 completed').waitFor()
  })

  it.each(VIEWS)('have no accessibility findings, and fit into the window: %s', async (name, options) => {
    const one = await visit('/workflows/order', options)
    await one.page.locator('.node').first().waitFor()
    await one.page.locator('.tiles').waitFor()
    await expectSound(one)
    await picture(one, `workflow-${name}`)

    await one.page.goto(`${served.url}/workflows`)
    await one.page.locator('tbody tr').first().waitFor()
    await expectSound(one)
    await picture(one, `workflows-${name}`)
  })
})

describePage('a database in which nothing has run', () => {
  const site = new Site()
  afterAll(() => site[Symbol.asyncDispose]())

  it('has screens that report that no executions exist', async () => {
    const { url } = await site.serve([site.terminal.write('bare.py', readFileSync(BARE, 'utf8'))])
    const one = await site.visit(`${url}/executions`, { colorScheme: 'light' })
    await one.page.getByText('No executions yet').waitFor()
    await expectSound(one)
    await picture(one, 'executions-empty-light')

    await one.page.goto(`${url}/workflows/bare`)
    await one.page.getByText('No executions yet').waitFor()
    await expectSound(one)
    await picture(one, 'workflow-empty-light')
  })
})
