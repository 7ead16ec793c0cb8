/** Screens of approvals, their number in the navigation, and nodes that wait on the screen of an execution. */

import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { accessibilityFindings } from '../support/accessibility.ts'
import { describePage, type Served, Site, UNTIL } from '../support/browser.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { PageApi } from '../support/page-api.ts'
import { expectSound } from '../support/page-audit.ts'

const SCRIPT = fileURLToPath(new URL('scripts/approvals.py', import.meta.url))

describePage('the page', () => {
  const site = new Site()
  let served: Served
  let api: PageApi
  beforeAll(async () => {
    served = await site.serve([SCRIPT])
    api = new PageApi(served.url)
  })
  afterAll(() => site[Symbol.asyncDispose]())

  describe('approvals', () => {
    /** Starts an execution, and returns it when it waits. */
    const startWaiting = async (workflow: string, context: object) => {
      const id = await api.start(workflow, context)
      const execution = () => api.get(`/executions/${id}`)
      await vi.waitFor(async () => expect((await execution()).waitingFor).not.toBeNull(), { timeout: LIMIT_MS })
      return await execution()
    }

    const openApproval = async (workflow: string, order: number | string, options = {}) => {
      const { id, waitingFor } = await startWaiting(workflow, { order })
      const visit = await site.visit(`${served.url}/approvals/${waitingFor.approvalId}`, options)
      await visit.page.getByRole('form', { name: 'Answer' }).waitFor()
      return { ...visit, visit, page: visit.page, executionId: id, approvalId: waitingFor.approvalId }
    }

    it('are counted in the navigation and listed, as soon as they open and until they are answered', async () => {
      const { page, complaints } = await site.visit(`${served.url}/approvals`)
      await page.getByText('No open approvals').waitFor()
      const link = page.getByRole('navigation').getByRole('link', { name: 'Approvals' })
      expect(await link.textContent()).toBe('Approvals')

      const { waitingFor } = await startWaiting('simple', { order: 41 })

      await page.getByRole('navigation').getByRole('link', { name: 'Approvals 1 open' }).waitFor()
      await page.getByRole('row', { name: 'Continue 41?' }).getByText('open').waitFor()
      expect(await accessibilityFindings(page)).toEqual([])
      await api.post(`/approvals/${waitingFor.approvalId}/approve`, { note: 'by another' })
      await page.getByText('No open approvals').waitFor()
      await expect.poll(() => link.textContent(), UNTIL).toBe('Approvals')
      await page.getByLabel('State').selectOption('Answered')
      await page.getByRole('row', { name: 'Continue 41?' }).getByText('approved').waitFor()
      expect(page.url()).toContain('state=answered')
      expect(complaints).toEqual([])
    })

    it('are answered with a form, and numbers keep their spelling', async () => {
      const { page, visit, executionId } = await openApproval('refund', 7)
      await page.getByRole('heading', { name: 'Refund 7?' }).waitFor()
      await expectSound(visit)

      await page.getByLabel('Amount').fill('12.0')
      await page.getByLabel('Method').selectOption('cash')
      await page.getByLabel('Express').check()
      await page.getByLabel('City').fill('Kyiv')
      await page.getByLabel('Tags').fill('["vip"]')
      await page.getByLabel('Note').fill('checked by phone')
      await page.getByRole('button', { name: 'Approve' }).click()

      await page.getByRole('region', { name: 'Answer' }).getByText('Approved by http').waitFor()
      await page.getByText('Note: checked by phone').waitFor()
      expect(await page.locator('section[aria-label="Answer"] pre').textContent()).toContain('"amount": 12.0')
      await expectSound(visit)
      expect(await api.ended(executionId)).toBe('Completed')
    })

    it('show the errors of values next to their fields, which a screen reader announces', async () => {
      const { page } = await openApproval('refund', 8)
      const described = async (label: string): Promise<string> => {
        const ids = (await page.getByLabel(label).getAttribute('aria-describedby')) ?? ''
        const texts = ids.split(' ').map((id) => page.locator(`[id="${id}"]`).textContent())
        return (await Promise.all(texts)).join(' ')
      }
      expect(await described('Amount')).toBe('in euros')

      await page.getByRole('button', { name: 'Approve' }).click()

      await page.getByText('Enter a value.').waitFor()
      expect(await described('Amount')).toBe('in euros Enter a value.')
      expect(await page.getByLabel('Amount').getAttribute('aria-invalid')).toBe('true')
      expect(await focusedName(page)).toBe('Amount')
      await page.getByLabel('Amount').fill('0.5')
      await page.getByLabel('Method').selectOption('card')
      await page.getByLabel('City').fill('X')
      await page.getByRole('button', { name: 'Approve' }).click()
      await expect.poll(() => described('Amount'), UNTIL).toMatch(/in euros .*1/)
      expect(await described('City')).toMatch(/3/)
      await expect.poll(() => focusedName(page), UNTIL).toBe('Amount')
      await page.getByRole('button', { name: 'Approve' }).click()
      await expect.poll(() => focusedName(page), UNTIL).toBe('Amount')
      expect(await accessibilityFindings(page)).toEqual([])
      expect((await api.get('/approvals')).items.some(({ title }: { title: string }) => title === 'Refund 8?')).toBe(
        true,
      )
    })

    it('are answered with the keyboard alone, on a narrow dark screen', async () => {
      const options = { viewport: { width: 360, height: 700 }, colorScheme: 'dark' as const }
      const { page, visit, executionId } = await openApproval('refund', 9, options)
      await expectSound(visit)
      await page.getByLabel('Amount').focus()

      await page.keyboard.type('3')
      await page.keyboard.press('Tab')
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Tab')
      await page.keyboard.press('Space')
      for (const _ of ['city', 'tags', 'note']) await page.keyboard.press('Tab')
      await page.keyboard.type('ok')
      await page.keyboard.press('Enter')

      await page.getByText('Approved by http').waitFor()
      expect(await api.ended(executionId)).toBe('Completed')
      const { ok } = await api.get(`/executions/${executionId}/context`)
      expect(ok).toMatchObject({ values: { amount: 3, method: 'card', express: true }, note: 'ok' })
      await expectSound(visit)
    })

    it('are rejected without values, and the node shows why it failed', async () => {
      const { page, executionId } = await openApproval('refund', 10)
      await page.getByLabel('Note').fill('too late')

      await page.getByRole('button', { name: 'Reject' }).click()

      await page.locator('p', { hasText: 'Rejected by http' }).waitFor()
      expect(await api.ended(executionId)).toBe('Failed')
      await page.getByRole('link', { name: executionId.slice(0, 8) }).click()
      await page.getByRole('complementary', { name: 'Task ok' }).getByText('too late').waitFor()
    })

    it('show the answer of another person, and the written values are not sent', async () => {
      const { page, approvalId } = await openApproval('simple', 11)
      await page.route('**/approve', async (route) => {
        await api.post(`/approvals/${approvalId}/reject`, { note: 'first' })
        await route.continue()
      })

      await page.getByRole('button', { name: 'Approve' }).click()

      await page.locator('p', { hasText: 'Rejected by http' }).waitFor()
      await page.getByText('Could not approve').waitFor()
    })

    it('keep what the visitor writes while the screen is read again', async () => {
      const { page } = await openApproval('refund', 12)
      await page.getByLabel('Amount').fill('5')
      const again = page.waitForResponse((response) => response.url().includes('/api/v1/approvals/') && response.ok())
      await again

      expect(await page.getByLabel('Amount').inputValue()).toBe('5')
    })
  })

  describe('nodes that wait', () => {
    it('are in the timeline, in the graph and in the panel, with the event of each wait', async () => {
      const id = await api.start('delivery', { parcel: 'p-1' })
      const visit = await site.visit(`${served.url}/executions/${id}`)
      const { page } = visit

      await page.getByText(/This execution is waiting for (signal parcel\/p-1|delay rest) since .*, until /).waitFor()
      const row = page.locator('.gantt-row[data-task="arrived"]')
      await row.locator('.bar.wait').waitFor()
      expect(await row.locator('.bar.wait').textContent()).toBe('waiting for signal parcel/p-1')
      expect(await row.getByRole('button').getAttribute('title')).toBe('arrived: Waiting')
      expect(await page.locator('.gantt-row[data-task="rest"] .bar.wait').textContent()).toBe('waiting for delay rest')
      await row.getByRole('button').click()
      const panel = page.getByRole('complementary', { name: 'Task arrived' })
      await panel.getByText(/This node is waiting for signal parcel\/p-1 since .*, until /).waitFor()
      await panel.getByText('Waiting', { exact: true }).waitFor()
      expect(await panel.getByRole('heading', { name: 'Attempts' }).count()).toBe(0)
      await expectSound(visit)
      await page.getByRole('button', { name: 'Graph' }).click()
      const node = page.locator('.graph .node', { hasText: 'arrived' })
      expect(await node.getAttribute('title')).toBe('arrived · Waiting · signal parcel/p-1')
      await expectSound(visit)

      await api.post('/signals/parcel', { key: 'p-1', payload: { at: 'gate' } })

      await expect.poll(() => node.getAttribute('title'), UNTIL).toBe('arrived · Completed')
      await page.getByRole('button', { name: 'Timeline' }).click()
      await expect.poll(() => row.locator('.bar.wait.good').textContent(), UNTIL).toBe('waited')
    })

    it('link to the approval that they wait for', async () => {
      const id = await api.start('simple', { order: 5 })
      const { page } = await site.visit(`${served.url}/executions/${id}`)

      await page.getByText('This execution is waiting for approval "Continue 5?"').waitFor()
      await page.getByRole('link', { name: 'Answer' }).click()

      await page.getByRole('heading', { name: 'Continue 5?' }).waitFor()
      expect(page.url()).toMatch(/\/approvals\/[0-9a-f-]{36}$/)
    })
  })
})

/** Returns the label of the field with the focus. */
async function focusedName(page: Page): Promise<string> {
  return await page.evaluate('document.activeElement.labels?.[0]?.textContent ?? ""')
}
