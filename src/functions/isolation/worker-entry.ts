/** The thread of one script: loads it, calls its functions, and answers. Started by `isolated-script.ts`. */

import { parentPort, workerData } from 'node:worker_threads'
import { moduleDeclarations } from '../../authoring/definition.ts'
import type { ContextCheck } from '../../authoring/function-types.ts'
import type { TaskRequest } from '../../engine/ports.ts'
import { SystemClock } from '../../engine/system-clock.ts'
import { CloacaError, InternalError, toError } from '../../errors.ts'
import type { ScriptLine } from '../../output/script-line.ts'
import { replaceWarnings } from '../../output/warnings.ts'
import { SecretNotGranted, type SecretProvider } from '../../secrets/provider.ts'
import { uncaughtLine } from '../calls/faults.ts'
import { linePrinter, standardPrinter } from '../calls/printing.ts'
import { checkedText } from '../checked-text.ts'
import { FunctionHost } from '../function-host.ts'
import { exportedValues } from '../loading/exported-values.ts'
import { ModuleLoader, moduleFault } from '../loading/module-loader.ts'
import { showCurrentCall } from './current-call.ts'
import { viewFromWorker } from './facts.ts'
import { MemoryCalls } from './worker-memory.ts'
import type { FromWorker, LoadedInWorker, RequestId, SecretAnswered, ToWorker, WorkerData } from './worker-messages.ts'

const data = workerData as WorkerData
const port = parentPort
if (port === null) throw new InternalError('The entry file of a script worker was not started in a worker thread.')

const send = (message: FromWorker): void => port.postMessage(message)
const notice = (message: string): void => send({ type: 'notice', message })
const clock = new SystemClock({
  keepsProcessAlive: false,
  onTrouble: ({ during, error }) =>
    notice(`The worker of script "${data.script}" failed while ${during}: ${error.message}`),
})
const sendLine = (line: ScriptLine): void => send({ type: 'printed', line })
const isSent = data.output !== 'written'
const printer = isSent
  ? linePrinter(Object.assign(sendLine, { takesRecords: data.output === 'sentWithRecords' }))
  : standardPrinter({ stdoutTo: data.stdoutTo, prefixes: data.prefixes, notice })
// Node writes warnings of a worker to descriptor 2 itself.
if (isSent) replaceWarnings((warning) => process.stderr.write(`${warning}\n`))
const loader = new ModuleLoader(clock, data.loadDeadlineMs, data.packageUrl)
const stoppings = new Map<RequestId, AbortController>()
const slotsAsked = new Map<RequestId, () => void>()
const memories = new MemoryCalls(send)
const secretsAsked = new Map<number, (answer: SecretAnswered) => void>()
let lastAsk = 0

const askForSecret: SecretProvider = async (name, { workflow, executionId, taskId }) => {
  lastAsk += 1
  const ask = lastAsk
  send({ type: 'secret', ask, name, request: { workflow, executionId, taskId } })
  const answer = await new Promise<SecretAnswered>((resolve) => secretsAsked.set(ask, resolve))
  if (answer.kind === 'found') return answer.fields
  // Uncoded: the error of a task, whose name users see
  throw answer.kind === 'notGranted' ? new SecretNotGranted(answer.message) : new Error(answer.message)
}

const host = new FunctionHost({
  ...{ clock, printer, notice, logLimits: data.logLimits },
  secrets: data.hasSecrets ? askForSecret : null,
})
let inputs: ReadonlyMap<string, ContextCheck> = new Map()

async function load(): Promise<void> {
  const imported = await loader.import(data.path)
  const { files } = imported
  const loaded = (result: LoadedInWorker): void => send({ type: 'loaded', files, result })
  if (imported.kind === 'failed') return loaded({ kind: 'failed', fault: imported.fault })
  try {
    const { values, defaultFunction } = exportedValues(imported.exports)
    if (defaultFunction !== null) {
      throw new TypeError(
        'its default function cannot receive the runner, because the runner is in another thread. Export workflows ' +
          'and triggers instead',
      )
    }
    const { declarations, functions } = moduleDeclarations(values, data.script)
    host.use(data.script, functions)
    inputs = functions.inputs
    loaded({ kind: 'good', declarations, inputs: [...inputs.keys()] })
  } catch (thrown) {
    loaded({ kind: 'failed', fault: await moduleFault(thrown, data.path, files) })
  }
}

async function poll({ id, request }: ToWorker & { readonly type: 'poll' }): Promise<void> {
  const stopping = new AbortController()
  stoppings.set(id, stopping)
  const begun = host.poll({
    ...request,
    number: id,
    stopping: stopping.signal,
    log: (piece) => send({ type: 'log', id, piece }),
  })
  send({ type: 'outcome', id, outcome: await begun })
  stoppings.delete(id)
}

async function runTask({ id, request }: ToWorker & { readonly type: 'task' }): Promise<void> {
  const slot = {
    release: () => send({ type: 'slot', id, move: 'release' }),
    acquire: () => {
      send({ type: 'slot', id, move: 'acquire' })
      return new Promise<void>((resolve) => slotsAsked.set(id, resolve))
    },
  }
  const view = viewFromWorker(id, (fact) => port?.postMessage(fact, [fact.answerTo]))
  const memory = memories.memoryOf(id, request)
  const log: TaskRequest['log'] = (piece) => send({ type: 'log', id, piece })
  const begun = host.runTask({ ...request, number: id, slot, view, memory, log })
  send({ type: 'outcome', id, outcome: await begun })
  slotsAsked.delete(id)
}

async function checkInput({ id, workflow, contextText }: ToWorker & { readonly type: 'checkInput' }): Promise<void> {
  try {
    send({
      type: 'inputChecked',
      id,
      result: { kind: 'fits', contextText: await checkedText(inputs.get(workflow), contextText) },
    })
  } catch (thrown) {
    const problems = thrown instanceof CloacaError ? thrown.facts.problems : undefined
    const { message } = toError(thrown)
    send({ type: 'inputChecked', id, result: { kind: 'refused', message, ...(problems && { problems }) } })
  }
}

function received(message: ToWorker): void {
  switch (message.type) {
    case 'load':
      void load()
      break
    case 'poll':
      void poll(message)
      break
    case 'task':
      void runTask(message)
      break
    case 'checkInput':
      void checkInput(message)
      break
    case 'stopping':
      stoppings.get(message.id)?.abort()
      break
    case 'cancel':
      host.cancelTasks(message.executionId)
      break
    case 'endLease':
      host.endLease(message.id)
      break
    case 'slotAcquired':
      slotsAsked.get(message.id)?.()
      break
    case 'secret':
      secretsAsked.get(message.ask)?.(message.answer)
      secretsAsked.delete(message.ask)
      break
    case 'memory':
      memories.answered(message.ask, message.answer)
  }
}

// Otherwise the thread would end, with all its other calls.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (thrown: unknown) => notice(uncaughtLine(thrown, event).message))
}
showCurrentCall(data.current)
port.on('message', received)
