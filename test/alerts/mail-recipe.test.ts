/** Recipe of `examples/alerts` for e-mail: its mails at a real SMTP server, and its failures. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
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
import { TestAuthority } from '../support/test-authority.ts'

const run = (alert: object, variables: NodeJS.ProcessEnv, python?: readonly string[]): Promise<RecipeEnd> =>
  runRecipe('mail', JSON.stringify(alert), { ...MAIL_SETTINGS, ...variables }, python)

describe('the recipe for e-mail', () => {
  let mailServer: MailServer
  let port: NodeJS.ProcessEnv
  beforeAll(async () => {
    mailServer = await MailServer.start({ unknown: ['nobody@example.com'] })
    port = { SMTP_PORT: String(mailServer.port) }
  })
  afterAll(() => mailServer[Symbol.asyncDispose]())
  beforeEach(() => {
    mailServer.mails.length = 0
  })

  async function mailed(alert: object, python?: readonly string[]): Promise<ReturnType<typeof parts>> {
    expect(await run(alert, port, python)).toEqual({ code: 0, stderr: '' })
    const [mail] = mailServer.mails.splice(0)
    expect(mail?.from).toBe('alerts@example.com')
    expect(mail?.recipients).toEqual(['ada@example.com', 'grace@example.com'])
    return parts(mail?.text ?? '')
  }

  it('is sent to all recipients, and begins with the cause', async () => {
    const { headers, body } = await mailed(ALERT)

    expect(headers.get('subject')).toBe(`🔴 ${ALERT.message}`)
    expect(headers.get('auto-submitted')).toBe('auto-generated')
    expect(body.split('\n').slice(0, 6)).toEqual([
      `🔴 ${ALERT.message}`,
      '',
      'execution-failed at 2030-05-06T08:15:07.249+00:00, host jobs-1',
      `cloaca execution show ${ALERT.executionId}`,
      `cloaca execution retry ${ALERT.executionId}`,
      ALERT.link,
    ])
  })

  it('has the same id for the same alert, and the same thread for the same incident', async () => {
    const mails = [await mailed(ALERT), await mailed(ALERT)]
    const recovered = await mailed({ ...RECOVERED, id: '11111111-2c1c-4a57-9a3e-5a1a7f3c7f10' })
    const other = await mailed({ ...ALERT, workflow: 'send_mail' })

    expect(mails[0]?.headers.get('message-id')).toBe(mails[1]?.headers.get('message-id'))
    expect(recovered.headers.get('message-id')).not.toBe(mails[0]?.headers.get('message-id'))
    expect(recovered.headers.get('references')).toBe(mails[0]?.headers.get('references'))
    expect(other.headers.get('references')).not.toBe(mails[0]?.headers.get('references'))
    expect(recovered.headers.get('subject')).toBe('✅ Workflow "sort_mail" has recovered.')
    expect((await mailed(REPEATED)).body).toContain('execution-failed 5 times since')
  })

  it('has no further header, recipient or mail if an error contains line breaks', async () => {
    const { headers, body } = await mailed(HOSTILE)

    expect([...headers.keys()].toSorted()).toEqual([...(await mailed(ALERT)).headers.keys()].toSorted())
    expect(headers.get('subject')).toBe(`🔴 Workflow "sort_mail" failed: ${HOSTILE_LINE}`)
    expect(body).toContain(HOSTILE_LINE)
    expect(body).toContain(HOSTILE_LINK)
  })

  it('is a success if one of the recipients is refused, and a failure if all are', async () => {
    const one = await run(ALERT, { ...port, MAIL_TO: 'ada@example.com, nobody@example.com' })
    expect(one.code).toBe(0)
    expect(one.stderr).toContain('Recipient nobody@example.com was refused: 550 unknown recipient')
    expect(mailServer.mails.map(({ recipients }) => recipients)).toEqual([['ada@example.com']])

    const all = await run(ALERT, { ...port, MAIL_TO: 'nobody@example.com' })
    expect(all.code).toBe(1)
    expect(all.stderr).toContain('550')
  })

  it('logs in only after STARTTLS with a valid certificate', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cloaca-mail-'))
    const authority = await TestAuthority.make(folder)
    await using encrypted = await MailServer.start({ tls: await authority.certificate({ addresses: ['127.0.0.1'] }) })
    const login = { SMTP_TLS: '', SMTP_PORT: String(encrypted.port), SMTP_USER: 'ada', SMTP_PASSWORD: 'correct horse' }

    const distrusted = await run(ALERT, login)
    expect(distrusted.code).toBe(1)
    expect(distrusted.stderr).toContain('certificate')
    expect(encrypted.mails).toEqual([])

    const trusted = await run(ALERT, { ...login, SSL_CERT_FILE: authority.caPath })
    expect(trusted).toEqual({ code: 0, stderr: '' })
    expect(encrypted.mails).toMatchObject([{ isEncrypted: true, login: 'ada:correct horse' }])
    rmSync(folder, { recursive: true })
  })

  it('is not sent without encryption unless SMTP_TLS is "none"', async () => {
    for (const SMTP_TLS of ['starttls', 'tls', 'no']) {
      const { code, stderr } = await run(ALERT, { ...port, SMTP_TLS })
      expect([code, stderr]).toEqual([1, expect.stringContaining('Alert not delivered: ')])
    }
    expect(mailServer.mails).toEqual([])
  })

  it('is a failure if the server refuses the mail', async () => {
    await using refusing = await MailServer.start({ refuses: true })

    const { code, stderr } = await run(ALERT, { SMTP_PORT: String(refusing.port) })

    expect([code, stderr]).toEqual([1, expect.stringContaining('try later')])
  })

  it('is delivered if the server is too busy to answer QUIT', async () => {
    await using busy = await MailServer.start({ quits: false })

    const ended = await run(ALERT, { SMTP_PORT: String(busy.port) })

    expect([ended, busy.mails.length]).toEqual([{ code: 0, stderr: '' }, 1])
  })

  it('is sent by `cloaca run` as well, without a Python of the system', async () => {
    expect((await mailed(ALERT, WITH_CLOACA)).headers.get('subject')).toBe(`🔴 ${ALERT.message}`)
  })
})

/** Returns the decoded headers and body of a mail. */
function parts(mail: string): { readonly headers: ReadonlyMap<string, string>; readonly body: string } {
  const [head = '', ...rest] = mail.split('\n\n')
  const lines = head.replace(/\n[ \t]/g, ' ').split('\n')
  const headers = lines.map((line): [string, string] => {
    const [, name = '', value = ''] = /^([\w-]+): (.*)$/.exec(line) ?? []
    return [name.toLowerCase(), decodedWords(value)]
  })
  const body = fromQuotedPrintable(rest.join('\n\n').replace(/=\n/g, ''))
  return { headers: new Map(headers), body }
}

/** Decodes the words `=?utf-8?q?…?=` of a header. */
function decodedWords(value: string): string {
  return value
    .replace(/\?= +=\?/g, '?==?')
    .replace(/=\?utf-8\?q\?(.*?)\?=/gi, (_, word: string) => fromQuotedPrintable(word.replaceAll('_', ' ')))
    .replace(/=\?utf-8\?b\?(.*?)\?=/gi, (_, word: string) => Buffer.from(word, 'base64').toString())
}

function fromQuotedPrintable(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('%', '%25').replace(/=([0-9A-F]{2})/g, '%$1'))
}
