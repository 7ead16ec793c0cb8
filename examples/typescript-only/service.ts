/** Service and ticket system for trying the example. `touch down` in the current folder stops the service. */

import { existsSync } from 'node:fs'
import { createServer } from 'node:http'

let tickets = 0

const server = createServer((request, response) => {
  const isDown = existsSync('down')
  if (request.url === '/health') {
    response.writeHead(isDown ? 503 : 200).end(isDown ? 'the database is full' : 'ok')
    return
  }
  console.log(`${request.method} ${request.url}`)
  tickets += 1
  response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ number: tickets }))
})
server.listen(Number(process.env.SERVICE_PORT ?? 8812), '127.0.0.1', () => console.log('the service is up'))
