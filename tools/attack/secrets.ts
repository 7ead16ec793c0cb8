/**
 * Attacks on secrets: tasks print their secrets in many forms, and all output of a server is searched for these secrets
 * and for the tokens and passwords of the server.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { OPERATIONS } from '../../src/http/app.ts'
import { openApiDocument } from '../../src/http/openapi/document.ts'
import { type CloacaProcess, Terminal } from '../../test/support/cloaca-process.ts'
import { allowedRequest, routesOf } from '../../test/support/route-requests.ts'
import { Attacked, tablesOf } from './attacked-server.ts'
import type { AttackClass, Attempts } from './report.ts'

/** Secrets that tasks print. */
const OF_FILE = 'Zq7-of "a" file\\Xw3-ü'
const OF_VARIABLE = 'Kd9/of a variable+Lm4=='
/** Secrets of the server. */
const TOKEN = 'Tk4-of-http-requests-Vb8'
const ALERTS = 'Al5-signs-alerts-Nq2'
const KAFKA = 'Kf6-password-of-kafka-Rt9'

const SCRIPT = `
import base64, json, logging, os, subprocess, sys, threading, traceback, urllib.parse, warnings
import cloaca

FORMS = [str, repr, ascii, json.dumps, urllib.parse.quote, urllib.parse.quote_plus,
         lambda value: base64.b64encode(value.encode()).decode(),
         lambda value: base64.urlsafe_b64encode(b"x:" + value.encode()).decode(),
         lambda value: f"http://etl:{urllib.parse.quote(value, safe='')}@localhost/",
         lambda value: str({"key": [value]})]

def in_pieces(text):
    for each in text:
        print(each, end="", flush=True)
    print()

def in_thread(text):
    thread = threading.Thread(target=print, args=(text,))
    thread.start()
    thread.join()

def raised(text):
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger("jobs").exception("failed with %s", text)
        traceback.print_exc()

CHANNELS = [
    print,
    lambda text: print(text, file=sys.stderr),
    lambda text: os.write(1, text.encode() + b"\\n"),
    lambda text: os.write(2, text.encode() + b"\\n"),
    lambda text: logging.getLogger("jobs").warning("%s", text, extra={"given": {"text": text}}),
    lambda text: warnings.warn(text),
    lambda text: subprocess.run(["printf", "%s\\n", text]),
    lambda text: subprocess.run(["sh", "-c", 'printf "%s\\n" "$0" >&2', text]),
    in_pieces,
    in_thread,
    raised,
]

def tell(value):
    for form in FORMS:
        for channel in CHANNELS:
            channel("told: " + form(value))
    hidden = {name: text for name, text in os.environ.items() if name != "CLOACA_DATABASE_URL"}
    print(hidden, subprocess.run(["env", "-u", "CLOACA_DATABASE_URL"], capture_output=True, text=True).stdout)

with cloaca.WorkflowBuilder("tells"):
    @cloaca.task(retry_attempts=0)
    def tells(context):
        values = [context.secret_field("warehouse", "password"), context.secret_field("api", "key")]
        for value in values:
            tell(value)
        raise ValueError(f"no login with {values}") from RuntimeError(values[0])

@cloaca.trigger(on="tells", poll_interval="1h")
def never():
    return cloaca.TriggerResult.skip("nothing to do")
`

const COMMANDS = [
  'config',
  'config --json',
  'status',
  'status --json',
  'instance list --json',
  'trigger list --json',
  'trigger show never',
  'trigger history never --ticks --json',
  'workflow list --json',
  'workflow show tells',
  'execution list --json',
  'execution show ID',
  'execution show ID --json',
  'execution logs ID',
  'execution logs ID --json',
  'alert list --json',
  'schedule list --json',
]

export const SECRET_ATTACKS: readonly AttackClass[] = [
  { name: 'secrets: outputs of a server and of commands, on SQLite', run: attackSqlite },
  { name: 'secrets: outputs of a server and of commands, on PostgreSQL', run: attackPostgres },
]

async function attackSqlite(attempts: Attempts): Promise<void> {
  await using terminal = new Terminal()
  await attack(terminal, 'sqlite://jobs.db', {}, attempts, async () => {
    const names = readdirSync(terminal.folder).filter((name) => name.startsWith('jobs.db'))
    return names.map((name) => readFileSync(join(terminal.folder, name), 'utf8')).join('\n')
  })
}

async function attackPostgres(attempts: Attempts): Promise<void> {
  using attacked = await Attacked.start()
  const { connectionString, password } = await attacked.admin.createTenant({ schemaName: 'own', username: 'own_u' })
  await using terminal = new Terminal()
  await attack(terminal, connectionString, { 'password of the database': password }, attempts, async () => {
    const tables = await tablesOf(attacked, 'own')
    const rows = await Promise.all(tables.map(({ name }) => attacked.sql(`SELECT t::text FROM own."${name}" t`)))
    return JSON.stringify(rows)
  })
}

/** Runs tasks that print secrets, and searches all output. `readDatabase` returns the content of the database. */
async function attack(
  terminal: Terminal,
  database: string,
  ofDatabase: Readonly<Record<string, string>>,
  attempts: Attempts,
  readDatabase: () => Promise<string>,
): Promise<void> {
  terminal.write('jobs.py', SCRIPT)
  terminal.write('mounted/warehouse/password', OF_FILE)
  const env = {
    CLOACA_DATABASE_URL: database,
    CLOACA_SECRET_API: JSON.stringify({ key: OF_VARIABLE }),
    CLOACA_HTTP_TOKEN: TOKEN,
    CLOACA_ALERTS_SECRET: ALERTS,
    CLOACA_ALERTS_COMMAND: 'env > alerted.new; cat >> alerted.new; mv alerted.new alerted',
    CLOACA_STREAMS_KAFKA_PASSWORD: KAFKA,
  }
  const serving = terminal.start(['serve', 'jobs.py', '--secrets', 'mounted', '--log-level', 'debug'], { env })
  const { answers, id } = await answersOf(serving)
  const processes = processesOf()
  serving.kill('SIGTERM')
  const { stdout, stderr } = await serving.ended
  const places: Record<string, string> = { stdout, stderr, ...answers, ...processes }
  for (const command of COMMANDS) {
    const end = await terminal.run(command.replace('ID', id).split(' '), { env })
    places[`cloaca ${command}`] = end.stdout + end.stderr
  }
  places['the command of alerts'] = readFileSync(join(terminal.folder, 'alerted'), 'utf8')
  places['the database'] = await readDatabase()
  assertTold(places)
  const ofServer = { 'token of HTTP': TOKEN, 'secret of alerts': ALERTS, 'password of Kafka': KAFKA, ...ofDatabase }
  const secrets = { 'secret of a file': OF_FILE, 'secret of a variable': OF_VARIABLE, ...ofServer }
  for (const [place, text] of Object.entries(places)) {
    for (const [secret, value] of Object.entries(secrets)) {
      for (const form of formsOf(value))
        attempts.count(text.includes(form) ? `${place} shows the ${secret}: ${form}` : null)
    }
  }
}

/** Throws if the task has not printed its secrets, because the search would then find nothing. */
function assertTold({ stdout = '', stderr = '', ...others }: Readonly<Record<string, string>>): void {
  const told = [stdout, stderr, others['the database'] ?? '', others['cloaca execution logs ID'] ?? '']
  if (told.some((text) => text.split('told: ').length < 100)) throw new Error('the task did not print its secrets')
}

/** Returns forms in which a value may be printed. Independent of the code of the engine that masks them. */
function formsOf(value: string): readonly string[] {
  const inJson = JSON.stringify(value).slice(1, -1)
  const base64 = Buffer.from(value).toString('base64')
  const shifted = Buffer.from(`x:${value}`).toString('base64').slice(4, -4)
  const inAscii = inJson.replace(/[^ -~]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)
  const all = [
    value,
    inJson,
    inAscii,
    JSON.stringify(inJson).slice(1, -1),
    encodeURIComponent(value),
    base64.slice(0, -4),
    shifted,
  ]
  return [...new Set(all)]
}

interface Answers {
  readonly answers: Readonly<Record<string, string>>
  readonly id: string
}

/** Runs the workflow, and requests every route that only reads. */
async function answersOf(serving: CloacaProcess): Promise<Answers> {
  const url = String((await serving.logs('HTTP is at')).url)
  await serving.logs('serving ')
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
  const ask = async (path: string, body: string | null = null): Promise<string> => {
    const response = await fetch(url + path, { method: body === null ? 'GET' : 'POST', headers, body })
    return await response.text()
  }
  const { id } = JSON.parse(await ask('/api/v1/executions', '{"workflow": "tells"}')) as { readonly id: string }
  await serving.logs("workflow 'tells' failed")
  const routes = routesOf(openApiDocument(OPERATIONS, '/api/v1', '')).filter(({ method, path }) => {
    return method === 'GET' && !path.endsWith('/events') // The stream of events has no end.
  })
  const answers: Record<string, string> = { '/': await ask('/') }
  for (const route of routes) {
    for (const name of ['tells', 'never']) {
      const ids = { id, name, task: 'tells', schedule: 'x' }
      const { target } = allowedRequest(route, { token: TOKEN, host: '', hasAllAddresses: false, isRaw: true }, ids)
      answers[target] = await ask(target)
    }
  }
  return { answers, id }
}

/** Returns the command lines of processes and the environments of interpreters, as Linux shows them to their user. */
function processesOf(): Readonly<Record<string, string>> {
  if (process.platform !== 'linux') return {}
  const read = (pid: string, name: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, 'utf8')
    } catch {
      return '' // The process has ended, or belongs to another user.
    }
  }
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const interpreters = pids.filter((pid) => read(pid, 'cmdline').includes('cloaca-interpreter'))
  // Scripts may read the URL of the database.
  const environments = interpreters.flatMap((pid) => read(pid, 'environ').split('\0'))
  return {
    'words of processes': pids.map((pid) => read(pid, 'cmdline')).join('\n'),
    'environments of interpreters': environments.filter((line) => !line.startsWith('CLOACA_DATABASE_URL=')).join('\n'),
  }
}
