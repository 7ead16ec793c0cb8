/** `serve` while a user removes its database: no order is lost. */

import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'

/** Script whose poll deletes the file of an order, so that an unrecorded firing would lose the order. */
const ORDERS = `
import cloaca, pathlib
inbox = pathlib.Path("inbox")

with cloaca.WorkflowBuilder("order"):
    @cloaca.task(id="pack", dependencies=[])
    def pack(context):
        pathlib.Path("packed", context.get("order")).write_text("")
        return context

@cloaca.trigger(on="order", poll_interval="20ms", allow_concurrent=True)
def order_came():
    for path in sorted(inbox.iterdir()):
        path.unlink()
        return cloaca.TriggerResult.fire(cloaca.Context({"order": path.name}))
    return cloaca.TriggerResult.skip()
`

it('serve loses no order when its database is removed and replaced by an empty file', { tags: ['proof'] }, async () => {
  await using terminal = new Terminal()
  const database = join(terminal.folder, 'orders.db')
  terminal.write('packed/.keep', '')
  const script = terminal.write('orders.py', ORDERS)
  const order = (count: number) => terminal.write(`inbox/order ${count}`, '')
  order(0)
  const serving = terminal.start(['serve', script, '--db', `sqlite://${database}`])
  await serving.logs("workflow 'order' completed")

  rmSync(database)
  for (let count = 1; count <= 14; count++) order(count)
  const lost = await serving.logs('was removed or moved while')
  terminal.write('orders.db', '')
  await serving.logs('is back; polling continues')
  await serving.logs("workflow 'order' completed", 15)
  serving.kill('SIGTERM')
  const { exitCode } = await serving.ended

  expect(serving.log.filter(({ msg }) => msg.includes('was removed or moved while'))).toEqual([lost])
  expect(lost.level).toBe('error')
  expect(readdirSync(join(terminal.folder, 'packed')).filter((name) => name.startsWith('order'))).toHaveLength(15)
  expect(exitCode).toBe(0)
  const { stdout } = await terminal.run(['trigger', 'history', 'order_came', '--json', '--db', `sqlite://${database}`])
  expect(JSON.parse(stdout)).toHaveLength(14)
})
