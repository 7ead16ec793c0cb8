/** The guard of the services, which are the API of an engine. */

/** Called before each call of a service. Throws to reject the call; the result is disposed of when the call ends. */
export type EnterCall = () => Disposable

type Method = (...args: unknown[]) => unknown

/** Puts the guard around each public method of a service. All of them are `async`, or async generators. */
export function guarded<Service extends object>(service: Service, enter: EnterCall): Service {
  const members = Object.getOwnPropertyDescriptors(Object.getPrototypeOf(service) as object)
  for (const [name, { value }] of Object.entries(members)) {
    if (name === 'constructor' || typeof value !== 'function') continue
    const method = value as Method
    const isGenerator = Object.prototype.toString.call(method) === '[object AsyncGeneratorFunction]'
    const call = isGenerator ? guardedGenerator(method, enter) : guardedMethod(method, enter)
    Object.defineProperty(service, name, { value: call, configurable: true, writable: true })
  }
  return service
}

function guardedMethod(method: Method, enter: EnterCall): Method {
  return async function (this: unknown, ...args) {
    using _call = enter()
    return await method.apply(this, args)
  }
}

function guardedGenerator(method: Method, enter: EnterCall): Method {
  return async function* (this: unknown, ...args) {
    using _call = enter()
    yield* method.apply(this, args) as AsyncGenerator
  }
}
