/** Parents and children on the screen of an execution. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describePage, type Served, Site, UNTIL } from '../support/browser.ts'
import { PageApi } from '../support/page-api.ts'
import { expectSound } from '../support/page-audit.ts'

const SCRIPT = fileURLToPath(new URL('scripts/children.py', import.meta.url))

describePage('child executions on the page', () => {
  const site = new Site()
  let served: Served
  let api: PageApi
  beforeAll(async () => {
    served = await site.serve([SCRIPT], ['--park-after', '1ms'])
    api = new PageApi(served.url)
  })
  afterAll(() => site[Symbol.asyncDispose]())

  it('are linked from their parent, whose task waits for them, and link back to it', async () => {
    const parent = await api.start('order', { order: 7 })
    const visit = await site.visit(`${served.url}/executions/${parent}?task=pay`)
    const { page } = visit
    await page.getByText(/This execution is waiting for execution [0-9a-f-]{36} since /).waitFor()
    const panel = page.getByRole('complementary', { name: 'Task pay' })
    await panel.getByText(/This task is waiting for execution [0-9a-f-]{36} since /).waitFor()
    const [child] = (await api.get(`/executions/${parent}`)).children
    expect(await panel.getByRole('link', { name: 'Show' }).getAttribute('href')).toContain(`/executions/${child.id}`)
    const list = page.getByRole('region', { name: 'Children' })
    expect(await list.getByRole('listitem').textContent()).toMatch(
      /^billing [0-9a-f]{8}.*Running.*key bill of task pay$/,
    )
    await expectSound(visit)

    await list.getByRole('link', { name: 'billing' }).click()

    await page.getByText('This execution is waiting for signal paid/7').waitFor()
    const origin = page.getByRole('navigation', { name: 'Origin' })
    expect(await origin.textContent()).toContain('task pay of')
    await expectSound(visit)
    await origin.getByRole('link', { name: parent.slice(0, 8) }).click()
    await panel.waitFor({ state: 'detached' })
    await api.post('/signals/paid', { key: '7' })
    await expect.poll(() => list.getByRole('listitem').textContent(), UNTIL).toContain('Completed')
    expect(await api.ended(parent)).toBe('Completed')
  })

  it('are not links after their removal', async () => {
    const id = await api.start('order', { order: 8 })
    await expect.poll(async () => (await api.get(`/executions/${id}`)).children.length, UNTIL).toBe(1)
    const [child] = (await api.get(`/executions/${id}`)).children
    await api.post(`/executions/${id}/cancel`)
    await api.ended(child.id)
    await api.ended(id)
    const retry = String((await api.post(`/executions/${id}/retry`)).id)
    await api.ended(retry)
    await api.post('/executions/prune', { olderThanMs: 0, status: 'Cancelled' })

    const { page } = await site.visit(`${served.url}/executions/${retry}`)
    const list = page.getByRole('region', { name: 'Children' })
    await list.getByText('removed').waitFor()

    expect(await list.getByRole('link').count()).toBe(0)
  })
})
