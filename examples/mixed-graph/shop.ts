/** Shop for trying the example: each order has two lines, and orders with numbers over 100 are expensive. */

import { createServer } from 'node:http'

const server = createServer((request, response) => {
  const order = Number(/^\/orders\/(\d+)\/lines$/.exec(request.url ?? '')?.[1])
  const lines = [
    { sku: 'tea', price: 4.5, count: 2 },
    { sku: 'pot', price: order > 100 ? 900 : 31, count: 1 },
  ]
  response.writeHead(Number.isNaN(order) ? 404 : 200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(lines))
})
server.listen(Number(process.env.SHOP_PORT ?? 8811), '127.0.0.1', () => console.log('the shop is open'))
