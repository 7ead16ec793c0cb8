/** Recipes of `examples/alerts`: their requests and mails at real servers, and their failures. */

import { once } from 'node:events'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AlertReceiver, type ReceivedRequest } from '../support/alert-receiver.ts'
import {
  ALERT,
  HOSTILE,
  HOSTILE_LINE,
  HOSTILE_LINK,
  MAIL_SETTINGS,
  RECOVERED,
  REPEATED,
  type RecipeEnd,
  runRecipe,
  WITH_CLOACA,
} from '../support/alert-recipe.ts'
import { MailServer } from '../support/mail-server.ts'

let receiver: AlertReceiver
let environment: NodeJS.ProcessEnv

beforeAll(async () => {
  receiver = await AlertReceiver.start()
  const { url } = receiver
  environment = {
    SLACK_WEBHOOK_URL: `${url}/services/T1/B1/secret`,
    TEAMS_WEBHOOK_URL: `${url}/workflows/secret`,
    PAGERDUTY_URL: `${url}/v2/enqueue`,
    PAGERDUTY_ROUTING_KEY: 'key-1',
    NTFY_URL: url,
    NTFY_TOPIC: 'jobs',
    NTFY_TOKEN: 'token-1',
    ...MAIL_SETTINGS,
  }
})
afterAll(() => receiver[Symbol.asyncDispose]())
beforeEach(() => {
  receiver.received.length = 0
  receiver.status = 200
})

const run = (
  recipe: string,
  input: string,
  variables: NodeJS.ProcessEnv = {},
  python?: readonly string[],
): Promise<RecipeEnd> => runRecipe(recipe, input, { ...environment, ...variables }, python)

/** Sends an alert with a recipe, and returns the JSON at the server. */
async function sent(recipe: string, alert: object, python?: readonly string[]): Promise<ReceivedRequest['body']> {
  expect(await run(recipe, JSON.stringify(alert), {}, python)).toEqual({ code: 0, stderr: '' })
  expect(receiver.received).toHaveLength(1)
  return receiver.received.pop()?.body
}

describe('the recipe for Slack', () => {
  it('sends the message in plain text and the link as Markdown', async () => {
    const body = await sent('slack', ALERT)

    expect(body.text).toBe(`🔴 ${ALERT.message}`)
    expect(body.mrkdwn).toBe(false)
    expect(body.blocks.map((block: { text: object }) => block.text)).toEqual([
      { type: 'plain_text', text: `🔴 ${ALERT.message}`, emoji: false },
      undefined,
      { type: 'mrkdwn', text: `<${ALERT.link}|Open in cloaca>` },
    ])
    expect(body.blocks[1].elements[0].text.split('\n')).toEqual([
      'execution-failed at 2030-05-06T08:15:07.249+00:00, host jobs-1',
      `cloaca execution show ${ALERT.executionId}`,
      `cloaca execution retry ${ALERT.executionId}`,
    ])
  })

  it('shows the number of failures and the recovery', async () => {
    expect((await sent('slack', REPEATED)).blocks[1].elements[0].text).toContain(
      'execution-failed 5 times since 2030-05-06T08:15:07.249+00:00',
    )
    const { blocks } = await sent('slack', RECOVERED)
    expect(blocks[0].text.text).toBe('✅ Workflow "sort_mail" has recovered.')
    expect(blocks[1].elements[0].text).not.toContain('retry')
  })

  it('names the command for a trigger, as one word of a shell', async () => {
    const trigger = { ...ALERT, kind: 'trigger-failing', executionId: null, trigger: "it's; rm -rf /" }
    const { blocks } = await sent('slack', trigger)
    expect(blocks[1].elements[0].text.split('\n').slice(1)).toEqual([`cloaca trigger show 'it'"'"'s; rm -rf /'`])
  })

  it('mentions nobody if an error contains a mention, and cuts long texts', async () => {
    const body = await sent('slack', HOSTILE)

    expect(body.blocks[0].text).toEqual({
      type: 'plain_text',
      text: `🔴 Workflow "sort_mail" failed: ${HOSTILE_LINE}`,
      emoji: false,
    })
    expect(body.text).toContain('&lt;!channel&gt;')
    expect(body.blocks[2].text.text).toBe(`<${HOSTILE_LINK}|Open in cloaca>`)
    const long = await sent('slack', { ...ALERT, message: 'x'.repeat(1_000_000) })
    expect(long.blocks[0].text.text.length).toBeLessThan(3_000)
  })
})

describe('the recipe for Microsoft Teams', () => {
  const runs = (card: { body: { inlines: { text: string }[] }[] }): readonly string[] =>
    card.body.flatMap(({ inlines }) => inlines.map((inline) => inline.text))

  it('sends an Adaptive Card whose texts are not interpreted', async () => {
    const body = await sent('teams', HOSTILE)

    expect(body.type).toBe('message')
    expect(body.attachments[0].contentType).toBe('application/vnd.microsoft.card.adaptive')
    const card = body.attachments[0].content
    expect(card.type).toBe('AdaptiveCard')
    expect(new Set(card.body.map((element: { type: string }) => element.type))).toEqual(new Set(['RichTextBlock']))
    expect(runs(card)[0]).toBe(`🔴 Workflow "sort_mail" failed: ${HOSTILE_LINE}`)
    expect(card.actions).toEqual([{ type: 'Action.OpenUrl', title: 'Open in cloaca', url: HOSTILE_LINK }])
  })

  it('shows the number of failures and the recovery', async () => {
    const repeated = (await sent('teams', REPEATED)).attachments[0].content
    expect(runs(repeated)[1]).toContain('execution-failed 5 times since')
    const recovered = (await sent('teams', RECOVERED)).attachments[0].content
    expect(recovered.body[0].inlines[0]).toMatchObject({ text: `✅ ${RECOVERED.message}`, color: 'Good' })
  })

  it('has no button without a link, or with one that is not a web address', async () => {
    for (const link of [null, 'javascript:alert(1)'])
      expect((await sent('teams', { ...ALERT, link })).attachments[0].content.actions).toBeUndefined()
  })
})

describe('the recipe for PagerDuty', () => {
  it('triggers an incident with the cause and a link', async () => {
    const body = await sent('pagerduty', ALERT)

    expect(body).toMatchObject({
      routing_key: 'key-1',
      event_action: 'trigger',
      payload: {
        summary: ALERT.message,
        source: 'jobs-1',
        severity: 'error',
        timestamp: ALERT.at,
        component: 'sort_mail',
        class: 'execution-failed',
        custom_details: { cause: ALERT.cause, task: 'sort', errorType: 'ConnectionError' },
      },
      links: [{ href: ALERT.link, text: 'Open in cloaca' }],
    })
  })

  it('opens and resolves an incident of its own for the test alert, which has no workflow', async () => {
    const test = {
      ...ALERT,
      subject: null,
      workflow: null,
      task: null,
      errorType: null,
      cause: null,
      executionId: null,
    }

    expect(await run('pagerduty', JSON.stringify(test))).toEqual({ code: 0, stderr: '' })

    const events = receiver.received.map(({ body }) => [body.event_action, body.dedup_key, body.routing_key])
    expect(events).toEqual([
      ['trigger', 'cloaca:test', 'key-1'],
      ['resolve', 'cloaca:test', 'key-1'],
    ])
    expect(receiver.received[0]?.body.payload.severity).toBe('info')
  })

  it('repeats and resolves the same incident, for another execution of the workflow as well', async () => {
    const opened = await sent('pagerduty', ALERT)
    const other = '11111111-2c1c-4a57-9a3e-5a1a7f3c7f10'
    const repeated = await sent('pagerduty', { ...REPEATED, subject: other, executionId: other })
    const recovered = await sent('pagerduty', { ...RECOVERED, subject: other, executionId: other })

    expect([repeated.event_action, recovered.event_action]).toEqual(['trigger', 'resolve'])
    expect(new Set([opened, repeated, recovered].map((event) => event.dedup_key)).size).toBe(1)
  })

  it('has another incident for another kind, trigger or workflow', async () => {
    const trigger = { ...ALERT, kind: 'trigger-failing', subject: 'mail_came', trigger: 'mail_came' }
    const alerts = [
      ALERT,
      { ...ALERT, workflow: 'send_mail' },
      { ...ALERT, kind: 'deadline-missed' },
      trigger,
      { ...trigger, subject: 'mail_sent', trigger: 'mail_sent' },
      { ...ALERT, kind: 'database-refused', subject: null, workflow: null, executionId: null },
      ...['a', 'b'].map((end) => ({ ...ALERT, workflow: 'x'.repeat(5_000) + end })),
      ...['a\nb', 'a b'].map((workflow) => ({ ...ALERT, workflow })),
    ]
    await Promise.all(alerts.map((alert) => run('pagerduty', JSON.stringify(alert))))
    const keys = receiver.received.map(({ body }): string => body.dedup_key)

    expect(new Set(keys).size).toBe(alerts.length)
    expect(Math.max(...keys.map((key) => key.length))).toBeLessThanOrEqual(255)
  })

  it('keeps the summary in one line of at most 1,024 characters', async () => {
    const { payload, links } = await sent('pagerduty', HOSTILE)
    expect(payload.summary).toBe(`Workflow "sort_mail" failed: ${HOSTILE_LINE}`)
    expect(links[0].href).toBe(HOSTILE_LINK)
    expect((await sent('pagerduty', { ...ALERT, message: 'x'.repeat(5_000) })).payload.summary.length).toBe(1_000)
  })
})

describe('the recipe for ntfy', () => {
  it('publishes JSON with a priority, a link and the token', async () => {
    expect(await run('ntfy', JSON.stringify(ALERT))).toEqual({ code: 0, stderr: '' })

    expect(receiver.received[0]?.path).toBe('/')
    expect(receiver.received[0]?.headers.authorization).toBe('Bearer token-1')
    expect(receiver.received[0]?.body).toMatchObject({
      topic: 'jobs',
      title: `🔴 ${ALERT.message}`,
      priority: 4,
      click: ALERT.link,
    })
  })

  it('shows the number of failures, the recovery and hostile texts in one line each', async () => {
    expect((await sent('ntfy', REPEATED)).message).toContain('execution-failed 5 times since')
    expect(await sent('ntfy', RECOVERED)).toMatchObject({ title: `✅ ${RECOVERED.message}`, priority: 2 })
    const hostile = await sent('ntfy', HOSTILE)
    expect(hostile.title).toBe(`🔴 Workflow "sort_mail" failed: ${HOSTILE_LINE}`)
    expect(hostile.message.split('\n')).toHaveLength(3)
    expect(hostile.click).toBe(HOSTILE_LINK)
  })
})

describe.each(['slack', 'teams', 'pagerduty', 'ntfy'])('the recipe %s', (recipe) => {
  it.each([500, 302])('exits with code 1 and without the URL in its message if the status is %i', async (answer) => {
    receiver.status = answer

    const { code, stderr } = await run(recipe, JSON.stringify(ALERT))

    expect([code, stderr]).toEqual([
      1,
      `Alert not delivered: 127.0.0.1 answered with status ${answer}: the reason of the server\n`,
    ])
    expect(receiver.received).toHaveLength(1)
  })

  it('is sent by `cloaca run` as well, without a Python of the system', async () => {
    const body = await sent(recipe, HOSTILE, WITH_CLOACA)

    expect(body).toEqual(await sent(recipe, HOSTILE))
  })
})

describe('every recipe', () => {
  const recipes = ['slack', 'teams', 'pagerduty', 'ntfy', 'mail']
  const runAll = (input: string, variables: NodeJS.ProcessEnv): Promise<RecipeEnd[]> =>
    Promise.all(recipes.map((recipe) => run(recipe, input, variables)))

  it('exits with code 1 if the server never answers', async () => {
    const sockets: Socket[] = []
    const silent = createTcpServer((socket) => sockets.push(socket.on('error', () => undefined)))
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const address = `http://127.0.0.1:${port}/secret`

    const ends = await runAll(JSON.stringify(ALERT), {
      SLACK_WEBHOOK_URL: address,
      TEAMS_WEBHOOK_URL: address,
      PAGERDUTY_URL: address,
      NTFY_URL: address,
      SMTP_PORT: String(port),
    })

    expect(ends.map(({ code }) => code)).toEqual(recipes.map(() => 1))
    for (const { stderr } of ends) expect(stderr).toMatch(/^Alert not delivered: 127\.0\.0\.1[:\d]*: .*timed out\n$/)
    for (const socket of sockets) socket.destroy()
    silent.close()
  })

  it('exits with code 1 if its variables are missing', async () => {
    const none = Object.fromEntries(Object.keys(environment).map((name) => [name, '']))

    const ends = await runAll(JSON.stringify(ALERT), none)

    expect(ends.map(({ code }) => code)).toEqual(recipes.map(() => 1))
    for (const { stderr } of ends) expect(stderr).toMatch(/: the environment variable "\w+" is not set\n$/)
  })

  it('exits with code 1 if its URL is not one of a web server, and does not print the URL', async () => {
    const urls = ['file:///secret', 'secret', 'http://[secret', 'http://127.0.0.1:secret/', `${receiver.url}/a secret`]

    const ends = await Promise.all(
      urls.map((address) => run('slack', JSON.stringify(ALERT), { SLACK_WEBHOOK_URL: address })),
    )

    expect(ends.map(({ code }) => code)).toEqual(urls.map(() => 1))
    for (const { stderr } of ends) expect(stderr).toMatch(/^Alert not delivered: (?!.*secret).*\n$/)
    expect(receiver.received).toEqual([])
  })

  it('exits with code 1 if stdin is not an alert', async () => {
    const inputs = ['', '{', '[]', 'null', '{}', '\u0000']

    const ends = await Promise.all(inputs.map((input) => run('slack', input)))

    expect(ends.map(({ code }) => code)).toEqual(inputs.map(() => 1))
    for (const { stderr } of ends) expect(stderr).toContain('stdin is not an alert of cloaca: ')
    expect(receiver.received).toEqual([])
  })

  it('sends an alert of the database, which has neither a workflow nor an execution', async () => {
    await using mailServer = await MailServer.start()
    const alert = { ...ALERT, kind: 'database-refused', subject: null, workflow: null, task: null, errorType: null }
    const bare = { ...alert, cause: null, executionId: null, link: null }

    const ends = await runAll(JSON.stringify(bare), { SMTP_PORT: String(mailServer.port) })

    expect(ends).toEqual(recipes.map(() => ({ code: 0, stderr: '' })))
    const messages = JSON.stringify([...receiver.received.map(({ body }) => body), ...mailServer.mails])
    expect([receiver.received.length, mailServer.mails.length]).toEqual([4, 1])
    expect(messages).not.toMatch(/execution show|None/)
  })
})
