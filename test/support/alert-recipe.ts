/** Alerts for the recipes of `examples/alerts`, and the process of a recipe. Used by the tests of the recipes. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { MAIN } from './main-path.ts'
import { ROOT } from './source-tree.ts'
import { EXECUTABLE } from './test-python.ts'

export const ALERT = {
  id: '8d0e9a52-2c1c-4a57-9a3e-5a1a7f3c7f10',
  kind: 'execution-failed',
  subject: '5b9debd0-9f16-4377-92a6-fb934363d2ed',
  message: 'Workflow "sort_mail" failed: sort: ConnectionError: the mail server does not answer (1 of 3 tasks failed)',
  at: '2030-05-06T08:15:07.249+00:00',
  host: 'jobs-1',
  state: 'opened',
  workflow: 'sort_mail',
  trigger: null as string | null,
  task: 'sort',
  errorType: 'ConnectionError',
  cause: 'sort: ConnectionError: the mail server does not answer (1 of 3 tasks failed)',
  count: 1,
  since: '2030-05-06T08:15:07.249+00:00',
  executionId: '5b9debd0-9f16-4377-92a6-fb934363d2ed',
  link: 'https://jobs.example.com/executions/5b9debd0-9f16-4377-92a6-fb934363d2ed' as string | null,
}
export const REPEATED = { ...ALERT, state: 'repeated', count: 5, at: '2030-05-06T12:15:07.249+00:00' }
export const RECOVERED = { ...ALERT, state: 'recovered', message: 'Workflow "sort_mail" has recovered.', count: 5 }
const HOSTILE_TEXT = [
  'a "quoted" \\ text\r\nBcc: evil@example.com\r\n\r\n.\r\n',
  '<!channel> <@U1> *b* [x](https://evil.example) </at> \u0000\u202e\ud800',
].join('')
export const HOSTILE = {
  ...ALERT,
  message: `Workflow "sort_mail" failed: ${HOSTILE_TEXT}`,
  cause: HOSTILE_TEXT,
  host: HOSTILE_TEXT,
  link: 'https://jobs.example.com/executions/1|<!channel>"\r\nX: y',
}
export const HOSTILE_LINE =
  'a "quoted" \\ text Bcc: evil@example.com . <!channel> <@U1> *b* [x](https://evil.example) </at>'
export const HOSTILE_LINK = 'https://jobs.example.com/executions/1%7C%3C!channel%3E%22%0D%0AX:%20y'

/** Variables of the recipe for e-mail. */
export const MAIL_SETTINGS = {
  MAIL_FROM: 'alerts@example.com',
  MAIL_TO: 'ada@example.com, grace@example.com',
  SMTP_HOST: '127.0.0.1',
  SMTP_TLS: 'none',
}

export interface RecipeEnd {
  readonly code: number | null
  readonly stderr: string
}

/** Command that runs Python programs. */
const WITH_PYTHON: readonly string[] = [EXECUTABLE]
export const WITH_CLOACA: readonly string[] = [process.execPath, MAIN, 'run']

/** Runs a recipe with an alert on stdin. `python`: command that runs Python programs. */
export async function runRecipe(
  recipe: string,
  input: string,
  variables: NodeJS.ProcessEnv = {},
  python = WITH_PYTHON,
): Promise<RecipeEnd> {
  const [program = '', ...words] = [...python, join(ROOT, 'examples/alerts', `${recipe}.py`)]
  const { PATH, HOME, CLOACA_CACHE_DIR } = process.env
  const child = spawn(program, words, {
    env: { PATH, HOME, CLOACA_CACHE_DIR, PYTHONDONTWRITEBYTECODE: '1', ...variables },
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  child.stdin.on('error', () => undefined) // Ignored: a recipe may end without reading its input
  child.stdin.end(input)
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  return { code: code as number | null, stderr }
}
