import { describe, expect, it } from 'vitest'
import { workflow } from '../support/declared.ts'
import { completed } from '../support/fake-host.ts'
import { RunningEngine } from '../support/running-engine.ts'

describe('running a workflow', () => {
  it('ends with the output of its task as the final context, without time passing', async () => {
    await using running = await RunningEngine.start({
      workflows: [workflow('greet', { say: {} })],
      python: (host) => host.task('say', () => completed('{"greeting":"hello"}')),
    })

    const execution = await running.engine.execute('greet', '{"name":"you"}')

    expect(execution).toMatchObject({ status: 'Completed', finalText: '{"greeting":"hello"}', errorMessage: null })
    expect(running.host.runsOf('say')).toMatchObject([{ inputText: '{"name":"you"}', workflow: 'greet' }])
  })
})
