/** Script whose tasks and triggers run in a worker: some block, exceed limits, or try to end the process. */

export const ISOLATED_SCRIPT = `
import { threadId } from 'node:worker_threads'
import { setTimeout as sleep } from 'node:timers/promises'
import { fire, skip, trigger, workflow } from 'cloaca'

export const isolation = 'worker'

export const orders = workflow('orders')
  .task('where', () => ({ thread: threadId, value: 'first' }))
  .task('computes', (_context, tools) => { tools.input; for (;;); })
  .task('computes_a_while', () => { const end = performance.now() + 600; while (performance.now() < end); })
  .task('computes_later', async (_context, tools) => { await sleep(5); await null; tools.input; for (;;); })
  .task('waits', (_context, { signal }) => new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  }))
  .task('patient', async () => { await sleep(200); return { patient: true } })
  .task('eats', () => { const eaten = []; for (;;) eaten.push(new Array(100_000).fill(1)) })
  .task('exits', () => process.exit(7))
  .task('kills', () => process.kill(process.pid, 'SIGKILL'))
  .task('aborts', async () => { await sleep(1); process.abort() })
  .task('loose', async () => { await sleep(400); return { loose: true } })
  .task('defers', async (_context, { deferUntil, attempt }) => {
    await deferUntil(() => true, { pollEvery: '1ms' })
    return { attempt }
  })
  .task('reads', (_context, { input, failures }) => ({ input, failures, length: String(input.text ?? '').length }))
  .task('remembers', async (_context, { once, key }) => ({
    first: await once('n', () => 1),
    second: await once('n', () => 2),
    key: key('n'),
  }))
  .task('parent', async (_context, { run, signal }) => {
    const child = await run('billing', { n: 1 }, { key: 'bill' })
    return { status: child.status, billed: child.context.n, isAborted: signal.aborted }
  })
  .task('refused', async (_context, { run }) => {
    const error = await run('bilding', {}, { key: 'bill' }).catch((thrown) => thrown)
    return { code: error.code, name: error.name }
  })
  .task('keeps', (_context, tools) => { globalThis.kept = tools })
  .task('reads_late', () => {
    try {
      return { read: globalThis.kept.input }
    } catch (thrown) {
      return { thrown: thrown.message }
    }
  })
  .task('secret', async (_context, { secret, log }) => {
    const { value } = await secret('db')
    console.log('got', value)
    log.info('done')
    return { length: value.length }
  })
  .task('background', async () => { void Promise.reject(new Error('left behind')); await sleep(50) })
export const inbox = trigger('inbox', { every: '1s', starts: orders }, () => skip('nothing new'))
export const leaves = trigger('leaves', { every: '1s', starts: orders }, () => process.exit(8))
export const rows = trigger('rows', { every: '1s', starts: orders, state: { last: 0 } }, ({ state }) => {
  state.last += 1
  return [fire({ id: state.last }, { key: 'row' })]
})
export const stuck = trigger('stuck', { every: '1s', starts: orders }, () => { for (;;); })
`
