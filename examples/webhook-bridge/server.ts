/**
 * Starts a workflow for each webhook. `POST /deliveries` answers when the execution is stored, so that a crash
 * of the process does not lose the execution. `GET /deliveries/ID` returns the status of an execution.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { CloacaError, type JsonObject, Runner } from 'cloaca'

await using runner = await Runner.open({
  log: ({ level, message }) => (level === 'error' ? console.error(message) : undefined),
})
await runner.load(join(import.meta.dirname, 'deliveries.py'))
await runner.start()

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => reply(response, statusOf(error), { error: String(error) }))
})
const port = Number(process.env.PORT ?? 8787)
server.listen(port, '127.0.0.1', () => console.log(`listening on port ${port}`))
await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve))
server.close()

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const id = /^\/deliveries\/([\w-]+)$/.exec(request.url ?? '')?.[1]
  if (request.method === 'POST' && request.url === '/deliveries') {
    const note = (await json(request)) as JsonObject
    reply(response, 202, { id: await runner.workflows.submit('delivery', { note }) })
  } else if (request.method === 'GET' && id !== undefined) {
    const { status, context, errorMessage } = await runner.executions.get(id)
    reply(response, 200, { status, parcels: context.parcels ?? null, errorMessage })
  } else {
    reply(response, 404, { error: 'Use POST /deliveries or GET /deliveries/ID' })
  }
}

function statusOf(error: unknown): number {
  if (error instanceof SyntaxError) return 400
  return error instanceof CloacaError && error.code === 'EXECUTION_NOT_FOUND' ? 404 : 500
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
