/** Limits on the system screen, and reasons of executions that wait for a slot. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { accessibilityFindings } from '../support/accessibility.ts'
import { describePage, type Served, Site } from '../support/browser.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { PageApi } from '../support/page-api.ts'
import { expectSound } from '../support/page-audit.ts'

const SCRIPT = fileURLToPath(new URL('scripts/limits.py', import.meta.url))

describePage('limits on the page', () => {
  const site = new Site()
  let served: Served
  let api: PageApi
  beforeAll(async () => {
    served = await site.serve([SCRIPT])
    api = new PageApi(served.url)
  })
  afterAll(() => site[Symbol.asyncDispose]())

  const open = async (path = '/system', options = {}) => {
    const visit = await site.visit(`${served.url}${path}`, options)
    const { page } = visit
    return { visit, page, complaints: visit.complaints, row: (name: string) => page.getByRole('row', { name }) }
  }
  const limitOf = (name: string) => api.get(`/limits/${encodeURIComponent(name)}`)

  it('are listed with their slots, waiting executions and the workflow that they limit', async () => {
    const first = await api.start('sync')
    const second = await api.start('sync')
    const { page, row, visit } = await open()

    await row('workflow:sync').getByText('1 of 1').waitFor()

    await row('workflow:sync').getByText('1 waiting').waitFor()
    expect(await row('crm').textContent()).toContain('per tenant')
    expect(await row('crm').textContent()).toContain('0 used0 waiting, 2 for each value')
    await expectSound(visit)
    await page.getByRole('button', { name: 'Values of workflow:sync' }).click()
    const dialog = page.getByRole('dialog', { name: 'Values of workflow:sync' })
    await dialog.getByRole('link', { name: first.slice(0, 8) }).click()
    await page.waitForURL(`**/executions/${first}*`)
    await api.post(`/executions/${second}/cancel`)
    await api.post(`/executions/${first}/cancel`)
  })

  it('give a waiting execution its reason, with links to the executions that use the slots', async () => {
    const first = await api.start('sync')
    const second = await api.start('sync')
    const { page, visit } = await open(`/executions/${second}`)

    await page.getByText('This execution is waiting for a slot of workflow sync. It has 1 slot. Used by').waitFor()

    await expectSound(visit)
    await page.getByRole('link', { name: first.slice(0, 8) }).click()
    await page.waitForURL(`**/executions/${first}*`)
    const list = await open('/executions?workflow=sync&status=Pending')
    const waiting = list.page.locator(`[data-row="${second.slice(0, 8)}"]`)
    await waiting.getByText('a slot of workflow sync: used by').waitFor()
    expect(await waiting.getByRole('link', { name: first.slice(0, 8) }).count()).toBe(1)
    await api.post(`/executions/${second}/cancel`)
    await api.post(`/executions/${first}/cancel`)
  })

  it('are closed for a value and opened, with the reason in the panel of the task', async () => {
    const { page, row } = await open()
    await page.getByRole('button', { name: 'Close crm' }).click()
    const closing = page.getByRole('dialog', { name: 'Close crm' })
    await closing.getByLabel('Closed for').selectOption('until opened')
    await closing.getByLabel('Only for this value of tenant').fill('acme')
    await closing.getByLabel('Note').fill('too many errors')
    expect(await accessibilityFindings(page)).toEqual([])
    await closing.getByRole('button', { name: 'Close limit' }).click()
    await closing.waitFor({ state: 'detached' })

    const id = await api.start('push', { tenant: 'acme' })
    await vi.waitFor(async () => expect((await api.get(`/executions/${id}`)).waitingFor).not.toBeNull(), {
      timeout: LIMIT_MS,
    })

    const { page: screen } = await open(`/executions/${id}?task=send`)
    const panel = screen.getByRole('complementary', { name: 'Task send' })
    await panel
      .getByText(/This task is waiting for a slot of limit crm for "acme" since .*\. It has 2 slots\./)
      .waitFor()
    await row('crm').getByText('1 waiting').waitFor()
    await page.getByRole('button', { name: 'Values of crm' }).click()
    const values = page.getByRole('dialog', { name: 'Values of crm' })
    await values.getByRole('row', { name: '"acme"' }).getByText('closed until opened').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Open crm' }).click()
    const opening = page.getByRole('dialog', { name: 'Open crm' })
    await opening.getByLabel('Only for this value of tenant').fill('acme')
    await opening.getByRole('button', { name: 'Open limit' }).click()
    expect(await api.ended(id)).toBe('Completed')
  })

  it('are overridden and reset with the keyboard alone, on a narrow dark screen', async () => {
    const options = { viewport: { width: 390, height: 800 }, colorScheme: 'dark' as const }
    const { page, row, visit } = await open('/system', options)
    await row('mail').getByText('0 of 2').waitFor()
    await expectSound(visit)
    await page.getByRole('button', { name: 'Set mail' }).focus()

    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Set mail' }).waitFor()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('x')
    await page.getByText('Enter a whole number from 1.').waitFor()
    await page.keyboard.press('Backspace')
    await page.keyboard.type('9')
    await page.keyboard.press('Tab')
    await page.keyboard.type('50/1m')
    await expectSound(visit)
    await page.keyboard.press('Enter')

    await row('mail').getByText('overridden').waitFor()
    expect(await limitOf('mail')).toMatchObject({ maxActive: 9, rate: '50/1m', overrides: { maxActive: 9 } })
    await page.getByRole('button', { name: 'Set mail' }).focus()
    await page.keyboard.press('Enter')
    await page.getByLabel('Remove the overrides and use the values of the code').check()
    await page.getByRole('button', { name: 'Reset limit' }).click()
    await row('mail').getByText('0 of 2').waitFor()
    expect(await limitOf('mail')).toMatchObject({ maxActive: 2, rate: null, overrides: {} })
  })

  it('show until when they are closed, also on a narrow screen', async () => {
    await api.post('/limits/mail/close', { forMs: 3_600_000 })

    const { row } = await open('/system', { viewport: { width: 390, height: 800 } })

    await row('mail').getByText('closed until').waitFor()
    expect(await row('mail').textContent()).toMatch(/closed until \d{4}-\d\d-\d\d \d\d:\d\d/)
    await api.post('/limits/mail/open')
  })

  it('report a refused value, and keep the dialog', async () => {
    const { page } = await open()
    await page.getByRole('button', { name: 'Set mail' }).click()
    const dialog = page.getByRole('dialog', { name: 'Set mail' })
    await dialog.getByLabel('Rate').fill('often')
    await dialog.getByRole('button', { name: 'Set limit' }).click()

    await page.getByText('Could not set "mail"').waitFor()
    expect(await dialog.count()).toBe(1)
    expect(await limitOf('mail')).toMatchObject({ rate: null })
  })
})

describePage('priorities on the page', () => {
  const site = new Site()
  let served: Served
  beforeAll(async () => {
    served = await site.serve([SCRIPT])
  })
  afterAll(() => site[Symbol.asyncDispose]())

  it('are shown with the execution and in the list, unless they are 0', async () => {
    const api = new PageApi(served.url)
    const { id } = await api.post('/executions', { workflow: 'news', priority: 40 })
    const usual = await api.start('news')

    const { page } = await site.visit(`${served.url}/executions`)

    await page
      .locator(`[data-row="${id.slice(0, 8)}"]`)
      .getByText('priority 40')
      .waitFor()
    expect(
      await page
        .locator(`[data-row="${usual.slice(0, 8)}"]`)
        .getByText('priority')
        .count(),
    ).toBe(0)
    await page.goto(`${served.url}/executions/${id}`)
    await page.getByText('priority 40').waitFor()
  })
})
