// Preload for a process: the binary of the addon cannot be loaded.
import { registerHooks } from 'node:module'

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier === 'node-gyp-build') throw new Error('there is no binary for this machine')
    return nextResolve(specifier, context)
  },
})
