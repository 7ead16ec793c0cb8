/** A `serve` of its own with the page of a visitor in front of it, for a test. What the page complains of fails the test. */

import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject } from 'vitest'
import { type CloacaProcess, Terminal } from './cloaca-process.ts'
import { LIMIT_MS } from './limits.ts'

const WITHOUT_CHROMIUM = inject('browser') === null

/** Of `expect.poll`. */
export const UNTIL = { timeout: LIMIT_MS, interval: 50 }

let browser: Browser | null = null

/** A suite that is skipped where there is no Chromium. */
export function describePage(title: string, suite: () => void): void {
  describe.skipIf(WITHOUT_CHROMIUM)(title, () => {
    beforeAll(async () => {
      browser ??= await chromium.connect(inject('browser') ?? '')
    })
    afterAll(async () => {
      await browser?.close()
      browser = null
    })
    suite()
  })
}

/** What is served, and where. */
export interface Served {
  readonly url: string
  readonly process: CloacaProcess
}

export class Site implements AsyncDisposable {
  readonly terminal = new Terminal()
  readonly #visits: Visit[] = []

  /** Serves scripts out of a database in the site's folder; settles when it answers and serves. */
  async serve(
    scripts: readonly string[],
    words: readonly string[] = [],
    env: Record<string, string> = {},
  ): Promise<Served> {
    const process = this.terminal.start(['serve', ...scripts, '--db', 'sqlite://site.db', ...words], { env })
    const { url } = await process.logs('HTTP is at')
    await process.logs('serving ')
    return { url: String(url), process }
  }

  /** A visitor with a browser of their own, so to speak: nothing is shared with others. */
  async visit(address: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const visit = await Visit.of(address, options)
    this.#visits.push(visit)
    return visit
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#visits.map((visit) => visit.page.context().close()))
    await this.terminal[Symbol.asyncDispose]()
  }
}

export class Visit {
  readonly page: Page
  /** Errors that the page has thrown or written to its console. */
  readonly complaints: string[] = []

  private constructor(page: Page) {
    this.page = page
    page.on('pageerror', (error) => this.complaints.push(String(error)))
    page.on('console', (message) => {
      // That a request failed is for the page to say.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
        this.complaints.push(message.text())
      }
    })
  }

  static async of(address: string, options: BrowserContextOptions): Promise<Visit> {
    if (browser === null) throw new Error('Tests of the page belong into describePage.')
    const context = await browser.newContext({ viewport: { width: 1000, height: 640 }, ...options })
    const visit = new Visit(await context.newPage())
    await visit.page.goto(address)
    return visit
  }

  /** Settles once the page hears what the engine does. */
  async isLive(): Promise<void> {
    await this.page.locator('.connection.live').waitFor()
    expect(this.complaints).toEqual([])
  }
}
