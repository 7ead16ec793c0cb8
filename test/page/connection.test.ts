/** The page while its engine stops and restarts, in several tabs, in a hidden tab, and with a token. */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { actAndSee, describePage, type Served, Site, UNTIL } from '../support/browser.ts'

const JOBS = fileURLToPath(new URL('scripts/jobs.py', import.meta.url))

/** Returns a script that reports the tab as hidden or visible, because a test cannot hide a tab. */
const shown = (state: 'hidden' | 'visible') => `
  Object.defineProperty(document, 'hidden', { configurable: true, value: ${state === 'hidden'} })
  document.dispatchEvent(new Event('visibilitychange'))`

/** Proxy of an engine. Another process may take the port of an engine that has ended, but not the port of a proxy. */
class EngineProxy implements AsyncDisposable {
  /** URL of the engine. */
  to: string
  readonly #server = createServer((socket) => {
    const engine = connect(Number(new URL(this.to).port), '127.0.0.1')
    for (const [one, other] of [
      [socket, engine],
      [engine, socket],
    ] as const) {
      one.pipe(other)
      one.on('error', () => undefined).on('close', () => other.destroy())
    }
  })

  private constructor(to: string) {
    this.to = to
  }

  static async open(to: string): Promise<EngineProxy> {
    const proxy = new EngineProxy(to)
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening')
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
  }
}

describePage('the page and its engine', () => {
  const site = new Site()
  let served: Served
  beforeAll(async () => {
    served = await site.serve([JOBS])
  })
  afterAll(() => site[Symbol.asyncDispose]())

  it('shows the poll of a trigger in a second tab', async () => {
    const [one, other] = await Promise.all([
      site.visit(`${served.url}/triggers`),
      site.visit(`${served.url}/triggers/archive`),
    ])
    await Promise.all([one.isLive(), other.isLive()])
    const last = one.page.locator('[data-row="archive"] .last')
    const polledAt = () => last.locator('time').getAttribute('datetime')
    const before = await polledAt()

    const poll = () => other.page.getByRole('button', { name: 'Poll now' }).click()

    await actAndSee(other.page, 'Polled "archive": skipped', poll)
    await expect.poll(polledAt, UNTIL).not.toBe(before)
    expect(await last.textContent()).toMatch(/skipped *(now|\d+ (s|min) ago)/)
  })

  it('sends no requests while its tab is hidden, and updates when the tab is visible again', async () => {
    const visit = await site.visit(`${served.url}/triggers`)
    await visit.isLive()
    await visit.page.locator('[data-row="inbox"] .last time').waitFor()
    await visit.page.evaluate(shown('hidden'))
    // The requests in transit have ended.
    await visit.page.waitForLoadState('networkidle')
    const asked: string[] = []
    visit.page.on('request', (request) => asked.push(request.url()))
    const last = visit.page.locator('[data-row="inbox"] .last time')
    const before = await last.getAttribute('datetime')
    await expect
      .poll(async () => {
        const trigger = (await (await fetch(`${served.url}/api/v1/triggers/inbox`)).json()) as { lastPollAt: string }
        return trigger.lastPollAt
      }, UNTIL)
      .not.toBe(before)
    expect(asked).toEqual([])

    await visit.page.evaluate(shown('visible'))

    await visit.isLive()
    await expect.poll(() => last.getAttribute('datetime'), UNTIL).not.toBe(before)
    expect(asked.some((url) => url.endsWith('/api/v1/events'))).toBe(true)
  })

  it('polls the engine if it cannot open the event stream', async () => {
    const { page } = await site.visit('about:blank')
    await page.route('**/api/v1/events', (route) => route.fulfill({ status: 503, body: '' }))
    await page.goto(`${served.url}/triggers`)
    await page.locator('.connection.polling').waitFor()
    const last = page.locator('[data-row="inbox"] .last time')
    const before = await last.getAttribute('datetime')

    await expect.poll(() => last.getAttribute('datetime'), UNTIL).not.toBe(before)
  })

  it('reports that the engine does not answer, keeps its rows, and resumes after a restart of the engine', async () => {
    const own = await site.serve([JOBS], ['--port', '0'])
    await using proxy = await EngineProxy.open(own.url)
    const { page } = await site.visit(`${proxy.url}/triggers`)
    await page.locator('[data-row="inbox"]').waitFor()
    await page.locator('.connection.live').waitFor()

    own.process.kill('SIGKILL')

    await own.process.ended
    await page.getByText('cloaca does not answer').waitFor()
    expect(await page.locator('[data-row]').count()).toBe(2)
    const before = await page.locator('[data-row="inbox"] .last time').getAttribute('datetime')
    proxy.to = (await site.serve([JOBS], ['--port', '0'])).url
    await page.locator('.connection.live').waitFor()
    await page.getByText('cloaca does not answer').waitFor({ state: 'detached' })
    const last = page.locator('[data-row="inbox"] .last time')
    await expect.poll(() => last.getAttribute('datetime'), UNTIL).not.toBe(before)
  })

  it('shows the reason of a failed request, and repeats the request on "Try again"', async () => {
    const { page } = await site.visit('about:blank')
    const problem = { title: 'It failed', status: 500, code: 'DATABASE_FAILED', detail: 'The disk is full.' }
    // Requests fail until the button is pressed, because the screen repeats its request on the first event.
    await page.addInitScript("addEventListener('click', () => { globalThis.isPressed = true }, true)")
    let failures = 0
    await page.route('**/api/v1/workflow-summaries?*', async (route) => {
      if (await page.evaluate('globalThis.isPressed === true')) return route.continue()
      failures += 1
      await route.fulfill({ status: 500, json: problem })
    })
    const told = page.getByText('The disk is full.')
    await page.route('**/api/v1/events', async (route) => {
      await told.waitFor()
      await route.continue()
    })
    await page.goto(`${served.url}/workflows`)
    await page.getByText('Could not load workflows').waitFor()
    await expect.poll(() => failures, UNTIL).toBeGreaterThan(1)

    await page.getByRole('button', { name: 'Try again' }).click()

    await page.getByRole('link', { name: 'sorting' }).waitFor()
  })

  it('asks once for the token of the engine, and keeps the token for the tab', async () => {
    const own = await site.serve([JOBS], ['--port', '0', '--db', ':memory:'], {
      CLOACA_HTTP_TOKEN: 'secret-of-the-page',
    })
    const visit = await site.visit('about:blank')
    const { page } = visit
    const seen: string[] = []
    page.on('request', (request) => {
      if (request.url().includes('/api/v1/')) seen.push(request.headers().authorization ?? '')
    })
    await page.goto(`${own.url}/triggers`)
    const dialog = page.getByRole('dialog', { name: 'Token required' })
    await dialog.getByLabel('Value of CLOACA_HTTP_TOKEN').fill('secret-of-the-page')

    await dialog.getByRole('button', { name: 'Continue' }).click()

    await visit.isLive()
    expect(new Set(seen)).toEqual(new Set(['', 'Bearer secret-of-the-page']))
    await page.goto(`${own.url}/triggers/archive`)
    await actAndSee(page, 'Polled "archive": skipped', () => page.getByRole('button', { name: 'Poll now' }).click())
    expect(await dialog.count()).toBe(0)
    expect(page.url()).not.toContain('secret')
    expect(await page.evaluate('[sessionStorage.length, document.cookie]')).toEqual([1, ''])
    expect(await page.evaluate('JSON.stringify(localStorage)')).not.toContain('secret')
  })
})
