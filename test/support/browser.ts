/** Server and browser pages for a test of the page. Errors of a page fail the test. */

import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished } from 'vitest'
import { type CloacaProcess, Terminal } from './cloaca-process.ts'
import { LIMIT_MS } from './limits.ts'

const WITHOUT_CHROMIUM = inject('browser') === null

/** Options of `expect.poll`. */
export const UNTIL = { timeout: LIMIT_MS, interval: 50 }

/** Maximum number of characters of a page in the message of a failed test. */
const MAX_SHOWN = 2_000

let browser: Browser | null = null

/** Describes a suite that is skipped without Chromium. */
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

/** Acts, and waits for the notice of the result. The wait begins first, because a notice disappears after 6 s. */
export async function actAndSee(page: Page, notice: string, act: () => Promise<unknown>): Promise<void> {
  await Promise.all([page.getByText(notice).waitFor(), act()])
}

/** Process of `cloaca serve`, with the URL of its page. */
export interface Served {
  readonly url: string
  readonly process: CloacaProcess
}

export class Site implements AsyncDisposable {
  readonly terminal = new Terminal()

  /** Starts `cloaca serve` with a database in the site's folder, and waits until it serves the scripts. */
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

  /**
   * Opens a page in a new browser context, which shares no state with other pages. Closes it when the test ends,
   * because an open page shows each event of the engine, which took half of the processor time of these tests.
   */
  async visit(address: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const visit = await Visit.of(address, options)
    onTestFinished(async ({ task }) => {
      if (task.result?.state === 'fail') await visit.describeIn(task.result.errors?.[0])
      await visit.close()
    })
    return visit
  }

  async [Symbol.asyncDispose](): Promise<void> {
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
      // The page reports failed requests itself.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
        this.complaints.push(message.text())
      }
    })
  }

  static async of(address: string, options: BrowserContextOptions): Promise<Visit> {
    if (browser === null) throw new Error('Tests of the page belong into describePage.')
    const context = await browser.newContext({ viewport: { width: 1000, height: 640 }, ...options })
    context.setDefaultTimeout(LIMIT_MS)
    const visit = new Visit(await context.newPage())
    await visit.page.goto(address)
    return visit
  }

  /**
   * Closes the browser context. Handlers of requests that are still in flight fail then, and an error in a handler
   * would fail the whole run, so their errors are ignored.
   */
  async close(): Promise<void> {
    await this.page.unrouteAll({ behavior: 'ignoreErrors' })
    await this.page.context().close()
  }

  /** Appends the text that the page shows to the message of the error that failed the test. */
  async describeIn(error: { message: string } | undefined): Promise<void> {
    if (error === undefined || this.page.isClosed()) return
    const lines = await this.page.locator('body > *').allInnerTexts()
    error.message += `\n${this.page.url()} shows:\n${lines.join('\n').replaceAll(/\n+/g, '\n').slice(0, MAX_SHOWN)}`
  }

  /** Waits until the page receives events of the engine. */
  async isLive(): Promise<void> {
    await this.page.locator('.connection.live').waitFor()
    expect(this.complaints).toEqual([])
  }
}
