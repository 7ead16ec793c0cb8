// Preload for a process: the Kafka client is not installed.
import { registerHooks } from 'node:module'

const PACKAGE = '@platformatic/kafka'

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier !== PACKAGE) return nextResolve(specifier, context)
    const error = new Error(`Cannot find package '${PACKAGE}' imported from ${context.parentURL}`)
    throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' })
  },
})
