/** Supplier: announces a delivery, and polls until it is booked. */

import { setTimeout } from 'node:timers/promises'

const deliveries = `http://127.0.0.1:${process.env.PORT ?? 8787}/deliveries`

const accepted = await fetch(deliveries, {
  method: 'POST',
  body: JSON.stringify({ supplier: 'Acme', parcels: '12' }),
})
const { id } = (await accepted.json()) as { readonly id: string }
console.log(accepted.status, id)

let status = 'Pending'
while (status === 'Pending' || status === 'Running') {
  await setTimeout(20)
  const answer = await fetch(`${deliveries}/${id}`)
  const body = (await answer.json()) as { readonly status: string; readonly parcels: number | null }
  status = body.status
  if (status === 'Completed') console.log(answer.status, body)
}

const unknown = await fetch(`${deliveries}/00000000-0000-4000-8000-000000000000`)
console.log(unknown.status, await unknown.json())
