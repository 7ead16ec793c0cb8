/** Base path of the page, from the address of its own script. It may be below a path of another server. */

/** Empty at the root, otherwise a path such as `/cloaca`. */
export const BASE: string = new URL('..', import.meta.url).pathname.replace(/\/$/, '')

export const API: string = `${BASE}/api/v1`
