/** The connection has ended while something was read or written: the session stops, nothing is reported. */
export class ConnectionClosed extends Error {
  constructor() {
    super('connection closed')
    this.name = 'ConnectionClosed'
  }
}
