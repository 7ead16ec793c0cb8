/** Interface of the routes that are not operations of the API, such as the page and the metrics. */

/** A route that is not one of the operations: it answers in a form of its own. */
export interface OtherRoute {
  readonly path: string
  respond(request: Request): Response | Promise<Response>
}
